import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { awsClients } from "../../providers/aws/plugin/access/clients.ts";
import { awsSnapshotService } from "../../providers/aws/plugin/ebs/aws-snapshot-service.ts";
import { uploadSnapshot } from "../../providers/aws/plugin/ebs/upload-snapshot.ts";
import { debian, Image, Kernel, OnbootTask, Service } from "../../sdk/index.ts";
import { decodeBlockList } from "../../sdk/upload/block-list.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { receivedDisk } from "../support/aws/received-disk.ts";
import { bootDisk, onceHealthy } from "../support/disk-machine.ts";
import { buildDisks } from "../support/disk-os.ts";
import { scratch } from "../support/judge.ts";
import { MetadataServer } from "../support/metadata-server.ts";

/** An OS whose page shows what the metadata service told the machine. */
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
  services: [
    new Service("web", {
      image: debian.packages({ packages: ["busybox-static"] }),
      command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/run/config"],
      uts: "host",
      net: "host",
      binds: ["/run/config:/run/config:ro"],
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_DAC_READ_SEARCH"],
      health: { tcp: { port: 80 } },
    }),
  ],
});

test("the image EBS received boots from an NVMe disk and reads its user data", { timeout: 300_000 }, async () => {
  await using folder = await scratch();
  await using server = await AwsServer.start();
  Object.assign(process.env, server.environment);
  const built = await buildDisks(os, { format: "aws" });
  const image = built.files.find(({ role }) => role === "image");
  assert.ok(image?.blocks);
  const clients = awsClients({});
  const journal = await openJournal(join(folder.path, "journal"));
  const { id } = await uploadSnapshot(awsSnapshotService(clients), {
    file: image.path,
    size: image.size,
    blocks: decodeBlockList(image.blocks),
    description: "d",
    tags: {},
    journal,
    pollMs: 10,
    signal: AbortSignal.timeout(120_000),
    onProgress: () => {},
  });
  for (const client of Object.values(clients)) client.destroy();

  const volume = await receivedDisk(server, id, join(folder.path, "volume"));

  await using metadata = await MetadataServer.start({
    "user-data": "role=web\n",
    "meta-data/instance-id": "i-0123",
    "meta-data/hostname": "ip-10-0-0-7.internal",
  });
  const { answer, console } = await bootDisk(
    { path: volume, driver: "raw", firmware: "efi", as: "nvme", metadataPort: metadata.port },
    onceHealthy("/userdata"),
  );
  assert.equal(answer, "role=web\n", console);
  assert.ok(
    metadata.requests.includes("PUT /latest/api/token 200") && metadata.requests.every((request) => !request.endsWith(" 401")),
    metadata.requests.join(),
  );
});
