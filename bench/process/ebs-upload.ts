/* Sends a raw image to EBS direct, with ours or a plain loop of fetch over 64 connections: `ebs-upload.ts ours|theirs FILE URL [PARENT]`. PARENT is the block list of an earlier image. */
import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";

const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
const [who, file, url, parentList] = process.argv.slice(2) as ["ours" | "theirs", string, string, string?];
const BLOCK = 512 << 10;
const { size } = await stat(file);
const began = performance.now();
let bytesSent = size;

if (who === "ours") {
  const { keepHeapSmall } = (await dist("sdk/core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
  // as the plugin does, before anything else is loaded
  keepHeapSmall();
  const { awsClients } = (await dist(
    "providers/aws/plugin/access/clients",
  )) as typeof import("../../providers/aws/plugin/access/clients.ts");
  const { awsSnapshotService } = (await dist(
    "providers/aws/plugin/ebs/aws-snapshot-service",
  )) as typeof import("../../providers/aws/plugin/ebs/aws-snapshot-service.ts");
  const { uploadSnapshot } = (await dist(
    "providers/aws/plugin/ebs/upload-snapshot",
  )) as typeof import("../../providers/aws/plugin/ebs/upload-snapshot.ts");
  const { decodeBlockList } = (await dist("sdk/upload/block-list")) as typeof import("../../sdk/upload/block-list.ts");
  const { openJournal } = (await dist("sdk/upload/journal")) as typeof import("../../sdk/upload/journal.ts");
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
  });
  const clients = awsClients({});
  const blocks = decodeBlockList(await readFile(`${file}.blocks`, "utf8"));
  const parent =
    parentList === undefined ? undefined : { id: "snap-0", encrypted: false, blocks: decodeBlockList(await readFile(parentList, "utf8")) };
  ({ bytesSent } = await uploadSnapshot(awsSnapshotService(clients), {
    file,
    size,
    blocks,
    parent,
    description: "bench",
    tags: {},
    journal: await openJournal(`${file}.journal`),
    signal: new AbortController().signal,
    onProgress: () => {},
  }));
  for (const client of Object.values(clients)) client.destroy();
} else {
  await using handle = await open(file);
  let next = 0;
  const work = async (): Promise<void> => {
    const bytes = Buffer.allocUnsafeSlow(BLOCK);
    for (let index = next++; index * BLOCK < size; index = next++) {
      await handle.read(bytes, 0, BLOCK, index * BLOCK);
      // EBS requires the header
      const checksum = createHash("sha256").update(bytes).digest("base64");
      const answer = await fetch(`${url}/snapshots/snap-1/blocks/${index}`, {
        method: "PUT",
        body: bytes,
        headers: { "x-amz-checksum": checksum },
      });
      if (answer.status !== 201) throw new Error(`block ${index}: ${answer.status}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 64 }, work));
}
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB, bytesSent }), () => process.exit(0));
