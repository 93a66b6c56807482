import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { debian, OnbootTask } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "../guest/image.ts";
import { type Authority, makeAuthority } from "../support/authority.ts";
import { instanceMetadata, ROLE } from "../support/aws/instance-metadata.ts";
import { SecretServices } from "../support/aws/secret-services.ts";
import { MetadataServer } from "../support/metadata-server.ts";

const TAGS = { Name: "web", "linuxkit.secret.web.db": "secretsmanager:prod/db", "linuxkit.secret.jobs.key": "ssm:/prod/api" };
const PASSWORD = "the-password-of-the-database";

let authority: Authority;
before(async () => {
  authority = await makeAuthority();
});

async function machineWith(stored: Record<string, string | null>, timeout: number) {
  const metadata = await MetadataServer.start(instanceMetadata(TAGS));
  const services = await SecretServices.start(authority, ROLE, stored);
  const url = `https://169.254.169.2:${services.port}`;
  const machine = await bootImage(
    {
      onboot: [
        dhcp(),
        new OnbootTask("secrets", {
          image: debian.secrets({ cloud: "aws", timeout, authorities: authority.cert, endpoints: { secretsmanager: url, ssm: url } }),
        }),
      ],
      services: [
        spy(),
        // an unprivileged user, who may read only this service's secrets
        service("web", "cat /run/secrets/* >/tmp/mine; ls -ln /run/secrets >>/tmp/mine; exec sleep 100000", {
          uid: 1000,
          gid: 1000,
          tmpfs: ["/tmp"],
          secrets: { db: "" },
          health: { command: ["/bin/busybox", "test", "-s", "/tmp/mine"] },
        }),
        service("jobs", "exec sleep 100000", { secrets: { key: "" } }),
        service(
          "other",
          "(cat /run/secrets/* /run/linuxkit/secrets/*/*; ls /run/secrets /run/linuxkit) >/tmp/found 2>&1; exec sleep 100000",
          { tmpfs: ["/tmp"], health: { command: ["/bin/busybox", "test", "-s", "/tmp/found"] } },
        ),
      ],
    },
    { ports: [80], memoryMiB: 384, metadataPort: metadata.port },
  );
  return {
    machine,
    services,
    async [Symbol.asyncDispose]() {
      for (const each of [machine, services, metadata]) await each[Symbol.asyncDispose]();
    },
  };
}

describe("debian.secrets in a machine with a role", { timeout: 300_000 }, () => {
  test("each service reads only its own secrets, and no log shows them", async () => {
    await using made = await machineWith({ "prod/db": PASSWORD, "/prod/api": "key-of-the-api" }, 60);
    const { machine } = made;
    await machine.until("the machine is healthy", ({ stage }) => stage === "healthy");
    const of = (name: string, path: string) => ask(machine, `cat /proc/$(cat /host/run/linuxkit/pids/${name})/root${path}`);
    const mine = await of("web", "/tmp/mine");
    assert.match(mine, new RegExp(`^${PASSWORD}total`));
    assert.match(mine, /^-r-------- +1 1000 +1000 .* db$/m);
    assert.doesNotMatch(mine, /key$/m);
    const found = await of("other", "/tmp/found");
    assert.match(found, /No such file or directory|Permission denied/);
    assert.doesNotMatch(found, /the-password|key-of/);
    assert.match(await ask(machine, "grep ' /host/run/linuxkit/secrets/web ' /proc/self/mounts"), /^tmpfs .*nosuid,nodev,noexec/);
    assert.equal(
      await ask(
        machine,
        "grep -rls -e the-password -e key-of-the-api /host/run/log /host/run/config /host/tmp /host/etc; grep -ls the-password /proc/[0-9]*/cmdline",
      ),
      "",
    );
    assert.doesNotMatch(machine.console(), /the-password|key-of-the-api/);
    assert.deepEqual(made.services.requests.sort(), [
      "AmazonSSM.GetParameter eu-central-1/ssm 200",
      "secretsmanager.GetSecretValue eu-central-1/secretsmanager 200",
    ]);
  });

  test("a role without access to a secret ends the boot and reports the secret and the reason", async () => {
    await using made = await machineWith({ "prod/db": null, "/prod/api": "key-of-the-api" }, 5);
    const failed = await made.machine.until("the task fails", (line) => line.stage === "onboot" && line.state === "failed");
    assert.match(
      JSON.stringify(failed),
      /secrets: web\.db: secretsmanager\.GetSecretValue: AccessDeniedException User: .* is not authorized/,
    );
    await made.machine.ended;
    assert.doesNotMatch(made.machine.console(), /key-of-the-api/);
  });
});
