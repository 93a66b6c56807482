import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileBytes } from "../sdk/core/file-bytes.ts";
import { encodeBlockList, type ListedBlock, listBlocks } from "../sdk/upload/block-list.ts";
import { BLOCK_BYTES } from "../sdk/upload/block-map.ts";
import { blockMap } from "../test/support/block-map.ts";
import type { Run } from "./build-rows.ts";
import { child } from "./child.ts";
import type { Row } from "./row.ts";
import { withSink } from "./sink.ts";

const here = (name: string): string => new URL(name, import.meta.url).pathname;

/** The bytes sent to each cloud for the web OS, beside its 512 KiB blocks that are not zero; for AWS also after a change. */
export async function sentRows(folder: string): Promise<Row[]> {
  const build = async (line: string) => {
    process.env.BENCH_LINE = line;
    const out = join(folder, `sent ${line}`);
    const run = await child<Run>(
      "build",
      join(folder, "cache"),
      out,
      here("./changed-os.ts"),
      join(folder, "lock.json"),
      "aws",
      "gcp",
      "vhd",
    );
    const file = (suffix: string) => run.files.find(({ name }) => name.endsWith(suffix)) ?? { name: "", size: 0 };
    const [disk, vhd] = [".raw", ".vhd"].map((suffix) => join(out, file(suffix).name)) as [string, string];
    const blocks = await listed(disk);
    await listed(vhd);
    return {
      disk,
      vhd,
      blocks,
      tarball: file(".tar.gz").size,
      service: run.segments.find(({ name }) => name === "services.web")?.size ?? 0,
    };
  };
  const before = await build("one");
  const after = await build("two");
  const send = (cloud: "ebs" | "azure", file: string, ...parent: string[]) =>
    withSink(
      `${cloud}-sink`,
      [],
      async (url) => (await child<{ bytesSent: number }>(`${cloud}-upload`, "ours", file, url, ...parent)).bytesSent / 1e6,
    );
  const whole = (after.blocks.length * BLOCK_BYTES) / 1e6;
  return [
    { what: "AWS: sent of the web OS, the first time", value: await send("ebs", after.disk), unit: "MB", limit: whole },
    {
      what: "AWS: sent after a changed line of one service",
      value: await send("ebs", after.disk, `${before.disk}.blocks`),
      unit: "MB",
      limit: (after.service + 2 * (1 << 20)) / 1e6,
    },
    { what: "Google Cloud: sent of the web OS, each time", value: after.tarball / 1e6, unit: "MB", limit: whole },
    // the footer makes one more block
    { what: "Azure: sent of the web OS, each time", value: await send("azure", after.vhd), unit: "MB", limit: whole + BLOCK_BYTES / 1e6 },
  ];
}

/** Writes a disk's block list beside it, where the upload reads it. */
async function listed(disk: string): Promise<readonly ListedBlock[]> {
  const blocks = listBlocks(await blockMap(fileBytes(disk)));
  writeFileSync(`${disk}.blocks`, encodeBlockList(blocks));
  return blocks;
}
