import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type GcpMetadata, startGcpMetadata } from "../support/gcp/metadata-server.ts";
import { runMetadata } from "../support/metadata-task.ts";

const BASE: GcpMetadata = {
  "instance/id": "4321",
  "instance/hostname": "web.europe-west3-a.c.p.internal",
  "instance/network-interfaces/0/ip": "10.0.0.7",
};

async function run(content: GcpMetadata) {
  await using server = await startGcpMetadata({ ...BASE, ...content });
  const ended = await runMetadata({ cloud: "gcp", endpoint: `127.0.0.1:${server.port}`, timeout: 5 });
  assert.equal(ended.status, 0, ended.text);
  assert.ok(
    server.requests.every((request) => / (200|404)$/.test(request)),
    server.requests.join(),
  );
  return ended;
}

describe("debian.metadata on Google Cloud", () => {
  test("reads everything", async () => {
    await using ended = await run({ "instance/attributes/user-data": "role=web\n\n", "instance/attributes/startup-script": "#!/bin/sh\n" });
    assert.deepEqual(await Promise.all(["provider", "userdata", "hostname", "instance_id", "local_ipv4"].map((name) => ended.read(name))), [
      "GCP\n",
      "role=web\n\n",
      BASE["instance/hostname"],
      "4321",
      "10.0.0.7",
    ]);
    assert.equal(await ended.mode("userdata"), 0o600);
    assert.match(ended.text, /metadata: 4321, 10 bytes of user data/);
    assert.deepEqual(await ended.files(), ["hostname", "instance_id", "local_ipv4", "provider", "userdata"]);
  });
  for (const [name, content, wanted] of [
    ["LinuxKit's own attribute", { "instance/attributes/userdata": "a", "instance/attributes/startup-script": "b" }, "a"],
    ["a start-up script, without other user data", { "instance/attributes/startup-script": "b" }, "b"],
  ] as const) {
    test(`user data: ${name}`, async () => {
      await using ended = await run(content);
      assert.equal(await ended.read("userdata"), wanted);
    });
  }

  const A = "ssh-ed25519 AAAAa a@b";
  const B = "ecdsa-sha2-nistp256 AAAAb";
  const until = (time: string) => `me:${B} google-ssh {"userName":"me@example.com","expireOn":"${time}"}`;
  const keys: Record<string, [GcpMetadata, string | undefined]> = {
    "of the instance and the project": [
      { "instance/attributes/ssh-keys": `me:${A}\nyou:${B}`, "project/attributes/ssh-keys": `all:${A}\n` },
      `${A}\n${B}\n${A}\n`,
    ],
    "without those of the project, if the instance blocks them": [
      {
        "instance/attributes/ssh-keys": `me:${A}`,
        "instance/attributes/block-project-ssh-keys": "TRUE",
        "project/attributes/ssh-keys": `all:${B}`,
      },
      `${A}\n`,
    ],
    "with those of the project, if blocking is off": [
      { "instance/attributes/block-project-ssh-keys": "false", "project/attributes/ssh-keys": `all:${B}` },
      `${B}\n`,
    ],
    "without those of the project, if the instance has the old attribute sshKeys": [
      { "instance/attributes/sshKeys": `me:${A}`, "project/attributes/ssh-keys": `all:${B}` },
      `${A}\n`,
    ],
    "that expire in the future": [{ "instance/attributes/ssh-keys": until("2099-12-04T20:12:00+0000") }, `${B}\n`],
    "without expired ones and ones with an unreadable expiry": [
      { "instance/attributes/ssh-keys": `${until("2018-12-04T20:12:00+0000")}\n${until("soon")}` },
      undefined,
    ],
    "none, with OS Login": [{ "project/attributes/enable-oslogin": "TRUE", "instance/attributes/ssh-keys": `me:${A}` }, undefined],
    "of an instance that turns the project's OS Login off": [
      {
        "project/attributes/enable-oslogin": "TRUE",
        "instance/attributes/enable-oslogin": "FALSE",
        "instance/attributes/ssh-keys": `me:${A}`,
      },
      `${A}\n`,
    ],
    "without lines that are not keys": [{ "instance/attributes/ssh-keys": `# mine\nme:command="sh" ${A}\n${A}` }, undefined],
  };
  for (const [name, [content, wanted]] of Object.entries(keys)) {
    test(`keys: ${name}`, async () => {
      await using ended = await run(content);
      assert.equal(await ended.read("ssh/authorized_keys").catch(() => undefined), wanted);
    });
  }

  test("fails without an answer, and says what to check", async () => {
    await using ended = await runMetadata({ cloud: "gcp", endpoint: "127.0.0.1:1", timeout: 1 });
    assert.equal(ended.status, 1);
    assert.match(
      ended.text,
      /metadata: no answer to http:\/\/127\.0\.0\.1:1\/computeMetadata\/v1\/instance\/id within 1 s \(.*\): is the metadata service enabled/,
    );
  });
});
