import assert from "node:assert/strict";
import { test } from "node:test";
import { debian, OnbootTask } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "../guest/image.ts";
import { makeAuthority } from "../support/authority.ts";
import { startKeyVault } from "../support/azure/key-vault.ts";
import { startAzureMetadata } from "../support/azure/metadata-server.ts";
import { startWireServer } from "../support/azure/wire-server.ts";

test("a machine on Azure reads its metadata, reports ready, and reads its secrets with its identity", {
  timeout: 300_000,
}, async () => {
  const authority = await makeAuthority("*.vault.azure.net");
  await using metadata = await startAzureMetadata(
    {
      "compute/vmId": "02aab8a4",
      "compute/osProfile/computerName": "web000000",
      "compute/userData": Buffer.from("role=web\n").toString("base64"),
      "compute/publicKeys/0/keyData": "ssh-ed25519 AAAA me",
      "compute/tagsList/0/name": "linuxkit.secret.web.db",
      "compute/tagsList/0/value": "https://mine.vault.azure.net/secrets/db",
    },
    () => ({ status: 200, body: JSON.stringify({ access_token: "eyJ0.token", expires_in: "86399", token_type: "Bearer" }) }),
  );
  await using wire = await startWireServer();
  await using vault = await startKeyVault(authority, "eyJ0.token", { "mine.vault.azure.net/secrets/db": "the-password" });
  // the host's address in the guest's network
  const image = debian.secrets({ cloud: "azure", authorities: authority.cert, endpoints: { keyvault: `https://160.0.2.2:${vault.port}` } });
  await using machine = await bootImage(
    {
      onboot: [dhcp(), new OnbootTask("metadata", { image: debian.metadata({ cloud: "azure" }) }), new OnbootTask("secrets", { image })],
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
    { ports: [80], memoryMiB: 384, metadataPort: metadata.port, wirePort: wire.port },
  );
  await machine.until("the machine is healthy", ({ stage }) => stage === "healthy");
  assert.equal(
    await ask(machine, "cd /host/run/config; cat userdata ssh/authorized_keys hostname"),
    "role=web\nssh-ed25519 AAAA me\nweb000000",
  );
  assert.deepEqual(wire.reported, ["Ready"]);
  assert.equal(
    await ask(machine, "cat /proc/$(cat /host/run/linuxkit/pids/web)/root/tmp/mine; grep -rls the-password /host/run/log /host/run/config"),
    "the-password",
  );
  assert.doesNotMatch(machine.console(), /the-password|eyJ0/);
});
