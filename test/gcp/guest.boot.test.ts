import assert from "node:assert/strict";
import { test } from "node:test";
import { debian, OnbootTask } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, spy } from "../guest/image.ts";
import { startGcpMetadata } from "../support/gcp/metadata-server.ts";

test("a machine on Compute Engine knows itself by its metadata", { timeout: 300_000 }, async () => {
  await using metadata = await startGcpMetadata({ "instance/id": "4321", "instance/hostname": "web.c.p.internal", "instance/network-interfaces/0/ip": "10.0.0.7", "instance/attributes/user-data": "role=web\n", "project/attributes/ssh-keys": "me:ssh-ed25519 AAAA me" });
  await using machine = await bootImage({ onboot: [dhcp(), new OnbootTask("metadata", { image: debian.metadata({ cloud: "gcp" }) })], services: [spy()] }, { ports: [80], metadataPort: metadata.port });
  await machine.until("the machine is healthy", ({ stage }) => stage === "healthy");
  assert.equal(await ask(machine, "cd /host/run/config; cat userdata ssh/authorized_keys hostname"), "role=web\nssh-ed25519 AAAA me\nweb.c.p.internal");
});
