import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { metadata } from "../../sdk/debian/base/metadata.ts";
import { type AzureMetadata, startAzureMetadata } from "../support/azure/metadata-server.ts";
import { startWireServer } from "../support/azure/wire-server.ts";
import { noise } from "../support/disks.ts";
import { runMetadata } from "../support/metadata-task.ts";

const BASE: AzureMetadata = {
  "compute/name": "web_0",
  "compute/osProfile/computerName": "web000000",
  "compute/vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
  "compute/userData": "",
  "network/interface/0/ipv4/ipAddress/0/privateIpAddress": "10.0.0.7",
};

async function run(content: AzureMetadata) {
  await using server = await startAzureMetadata({ ...BASE, ...content });
  await using wire = await startWireServer();
  const ended = await runMetadata({ cloud: "azure", endpoint: `127.0.0.1:${server.port}`, ready: `127.0.0.1:${wire.port}`, timeout: 5 });
  assert.equal(ended.status, 0, ended.text);
  assert.ok(
    server.requests.every((request) => / (200|404)$/.test(request)),
    server.requests.join(),
  );
  assert.deepEqual(wire.reported, ["Ready"]);
  return ended;
}

describe("debian.metadata on Azure", () => {
  test("reads everything and reports the machine ready", async () => {
    const userData = noise(9_000, "u").toString("latin1");
    await using ended = await run({
      "compute/userData": Buffer.from(userData).toString("base64"),
      "compute/publicKeys/0/keyData": "ssh-rsa AAAA\r\nBBBB a@b\r\n",
      "compute/publicKeys/1/keyData": "ssh-ed25519 CCCC",
    });
    assert.deepEqual(await Promise.all(["provider", "userdata", "hostname", "instance_id", "local_ipv4"].map((name) => ended.read(name))), [
      "Azure\n",
      userData,
      "web000000",
      BASE["compute/vmId"],
      "10.0.0.7",
    ]);
    assert.equal(await ended.read("ssh/authorized_keys"), "ssh-rsa AAAABBBB a@b\nssh-ed25519 CCCC\n");
    assert.equal(await ended.mode("userdata"), 0o600);
    assert.match(ended.text, /Azure knows that this machine is ready/);
  });
  test("maps disks to the luns in its tags", async () => {
    const tags = {
      "compute/tagsList/0/name": "owner",
      "compute/tagsList/0/value": "me",
      "compute/tagsList/1/name": "linuxkit.disk.data",
      "compute/tagsList/1/value": "0",
      "compute/tagsList/2/name": "linuxkit.disk.../up",
      "compute/tagsList/2/value": "1",
      "compute/tagsList/3/name": "linuxkit.disk.log",
      "compute/tagsList/3/value": "11",
    };
    await using ended = await run(tags);
    assert.deepEqual([await ended.read("disks/data"), await ended.read("disks/log")], ["lun:0\n", "lun:11\n"]);
    assert.deepEqual(
      (await ended.files()).filter((name) => /up/.test(name)),
      [],
    );
  });
  test("works without user data, keys and computer name", async () => {
    await using ended = await run({ "compute/osProfile/computerName": "" });
    assert.deepEqual(await ended.files(), ["hostname", "instance_id", "local_ipv4", "provider"]);
    assert.equal(await ended.read("hostname"), "web_0");
  });
  test("the ready report can be turned off", async () => {
    await using server = await startAzureMetadata(BASE);
    await using ended = await runMetadata({ cloud: "azure", endpoint: `127.0.0.1:${server.port}`, ready: false, timeout: 5 });
    assert.equal(ended.status, 0, ended.text);
    assert.doesNotMatch(ended.text, /ready/);
  });
  test("fails if the WireServer does not answer", async () => {
    await using server = await startAzureMetadata(BASE);
    await using ended = await runMetadata({ cloud: "azure", endpoint: `127.0.0.1:${server.port}`, ready: "127.0.0.1:1", timeout: 1 });
    assert.equal(ended.status, 1);
    assert.match(ended.text, /metadata: no answer to http:\/\/127\.0\.0\.1:1\/machine\/\?comp=goalstate within 1 s/);
  });
  test("fails if the answer is not a goal state", async () => {
    await using server = await startAzureMetadata(BASE);
    // the metadata service does not serve goal states
    await using ended = await runMetadata({
      cloud: "azure",
      endpoint: `127.0.0.1:${server.port}`,
      ready: `127.0.0.1:${server.port}`,
      timeout: 1,
    });
    assert.equal(ended.status, 1);
    assert.match(ended.text, /Bad Request/);
  });
  test("the option ready is for Azure only", () => {
    assert.throws(() => metadata({ cloud: "gcp", ready: false }), {
      code: "INVALID_DEFINITION",
      message: "debian.metadata: ready: got false for gcp, but only azure supports it",
    });
  });
});
