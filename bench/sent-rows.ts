import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileBytes } from "../sdk/core/file-bytes.ts";
import { encodeBlockList, listBlocks } from "../sdk/upload/block-list.ts";
import { BLOCK_BYTES, blockMap } from "../sdk/upload/block-map.ts";
import type { Run } from "./build-rows.ts";
import { child } from "./child.ts";
import type { Row } from "./row.ts";
import { withSink } from "./sink.ts";

const here = (name: string): string => new URL(name, import.meta.url).pathname;

/** What is sent of the web OS to each cloud: all of it the first time, and to AWS what changed after that. */
export async function sentRows(folder: string): Promise<Row[]> {
  const build = async (line: string) => {
    process.env.BENCH_LINE = line;
    const out = join(folder, `sent ${line}`);
    const run = await child<Run>("build", join(folder, "cache"), out, here("./changed-os.ts"), join(folder, "lock.json"), "aws", "gcp");
    const file = (suffix: string) => run.files.find(({ name }) => name.endsWith(suffix)) ?? { name: "", size: 0 };
    const disk = join(out, file(".raw").name);
    const blocks = listBlocks(await blockMap(fileBytes(disk)));
    writeFileSync(`${disk}.blocks`, encodeBlockList(blocks));
    return { disk, blocks, tarball: file(".tar.gz").size, service: run.segments.find(({ name }) => name === "services.web")?.size ?? 0 };
  };
  const before = await build("one");
  const after = await build("two");
  const send = (...parent: string[]) => withSink("ebs-sink", [], async (url) => (await child<{ bytesSent: number }>("ebs-upload", "ours", after.disk, url, ...parent)).bytesSent);
  const whole = (after.blocks.length * BLOCK_BYTES) / 1e6;
  return [
    { what: "AWS: sent of the web OS, the first time", value: (await send()) / 1e6, unit: "MB", limit: whole },
    { what: "AWS: sent after a changed line of one service", value: (await send(`${before.disk}.blocks`)) / 1e6, unit: "MB", limit: (after.service + 2 * (1 << 20)) / 1e6 },
    { what: "Google Cloud: sent of the web OS, each time", value: after.tarball / 1e6, unit: "MB", limit: whole },
  ];
}
