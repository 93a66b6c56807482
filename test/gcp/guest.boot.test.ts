import assert from "node:assert/strict";
import { test } from "node:test";
import { debian, OnbootTask } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "../guest/image.ts";
import { makeAuthority } from "../support/authority.ts";
import { startGcpMetadata } from "../support/gcp/metadata-server.ts";
import { startSecretManager } from "../support/gcp/secret-manager.ts";

const VERSION = "projects/p/secrets/db/versions/latest";

test("a machine on Compute Engine reads its metadata, and reads its secrets with its service account", {
  timeout: 300_000,
}, async () => {
  const authority = await makeAuthority();
  await using metadata = await startGcpMetadata({
    "instance/id": "4321",
    "instance/hostname": "web.c.p.internal",
    "instance/network-interfaces/0/ip": "10.0.0.7",
    "instance/attributes/user-data": "role=web\n",
    "instance/attributes/linuxkit-secrets": JSON.stringify({ web: { db: VERSION } }),
    "instance/service-accounts/default/token": JSON.stringify({ access_token: "ya29.token", expires_in: 3599, token_type: "Bearer" }),
    "project/attributes/ssh-keys": "me:ssh-ed25519 AAAA me",
  });
  await using manager = await startSecretManager(authority, "ya29.token", { [VERSION]: Buffer.from("the-password") });
  const image = debian.secrets({
    cloud: "gcp",
    authorities: authority.cert,
    endpoints: { secretmanager: `https://169.254.169.2:${manager.port}` },
  });
  await using machine = await bootImage(
    {
      onboot: [dhcp(), new OnbootTask("metadata", { image: debian.metadata({ cloud: "gcp" }) }), new OnbootTask("secrets", { image })],
      services: [
        spy(),
        service("web", "cat /run/secrets/db >/tmp/mine; exec sleep 100000", {
          uid: 1000,
          gid: 1000,
          tmpfs: ["/tmp"],
          secrets: { db: "" },
          health: { command: ["/bin/busybox", "test", "-s", "/tmp/mine"] },
        }),
      ],
    },
    { ports: [80], memoryMiB: 384, metadataPort: metadata.port },
  );
  await machine.until("the machine is healthy", ({ stage }) => stage === "healthy");
  assert.equal(
    await ask(machine, "cd /host/run/config; cat userdata ssh/authorized_keys hostname"),
    "role=web\nssh-ed25519 AAAA me\nweb.c.p.internal",
  );
  assert.equal(
    await ask(machine, "cat /proc/$(cat /host/run/linuxkit/pids/web)/root/tmp/mine; grep -rls the-password /host/run/log /host/run/config"),
    "the-password",
  );
  assert.doesNotMatch(machine.console(), /the-password|ya29/);
});
