import assert from "node:assert/strict";
import { test } from "node:test";
import { debian, OnbootTask } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, spy } from "../guest/image.ts";
import { startAzureMetadata } from "../support/azure/metadata-server.ts";
import { startWireServer } from "../support/azure/wire-server.ts";

test("a machine on Azure knows itself by its metadata, and reports that it is ready", { timeout: 300_000 }, async () => {
  await using metadata = await startAzureMetadata({ "compute/vmId": "02aab8a4", "compute/osProfile/computerName": "web000000", "compute/userData": Buffer.from("role=web\n").toString("base64"), "compute/publicKeys/0/keyData": "ssh-ed25519 AAAA me" });
  await using wire = await startWireServer();
  await using machine = await bootImage({ onboot: [dhcp(), new OnbootTask("metadata", { image: debian.metadata({ cloud: "azure" }) })], services: [spy()] }, { ports: [80], metadataPort: metadata.port, wirePort: wire.port });
  await machine.until("the machine is healthy", ({ stage }) => stage === "healthy");
  assert.equal(await ask(machine, "cd /host/run/config; cat userdata ssh/authorized_keys hostname"), "role=web\nssh-ed25519 AAAA me\nweb000000");
  assert.deepEqual(wire.reported, ["Ready"]);
});
