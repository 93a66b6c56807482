import { createHash, randomFillSync } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Crc32c } from "../providers/gcp/plugin/storage/crc32c.ts";
import { fileBytes } from "../sdk/core/file-bytes.ts";
import { encodeBlockList, listBlocks } from "../sdk/upload/block-list.ts";
import { blockMap } from "../test/support/block-map.ts";
import { ensureNpmProgram } from "../test/support/npm-program.ts";
import { child } from "./child.ts";
import { inPairs, throughput } from "./pairs.ts";
import type { Row } from "./row.ts";
import { withSink } from "./sink.ts";

const MIB = 1 << 20;
const SIZE_MIB = 1024;
const PAIRS = 5;

/** One cloud's upload beside its floor. */
interface Upload {
  readonly cloud: string;
  readonly into: string;
  readonly floorIs: string;
  /** A server of `bench/process`, and its arguments. */
  readonly sink: readonly [name: string, ...args: string[]];
  /** A sender of `bench/process`. Its arguments are `ours` or `theirs`, the file, the server's URL, and these. */
  readonly sender: readonly [name: string, ...args: string[]];
}

/** Sends a GiB of noise to servers on loopback that check nothing, in turn with the cloud's own client; for EBS, with fetch. */
export async function uploadRows(folder: string, limitMB: number): Promise<Row[]> {
  const file = join(folder, "upload.raw");
  const handle = await open(file, "w");
  for (let at = 0; at < SIZE_MIB; at += 16) await handle.write(randomFillSync(Buffer.allocUnsafe(16 * MIB)));
  await handle.close();
  writeFileSync(`${file}.blocks`, encodeBlockList(listBlocks(await blockMap(fileBytes(file)))));
  const sha256 = createHash("sha256");
  const crc32c = new Crc32c();
  for await (const chunk of fileBytes(file)) {
    sha256.update(chunk);
    crc32c.update(chunk);
  }
  try {
    return [
      ...(await rowsOf(
        {
          cloud: "AWS",
          into: "a snapshot",
          floorIs: "fetch over 64 connections, the same blocks",
          sink: ["ebs-sink"],
          sender: ["ebs-upload"],
        },
        file,
        limitMB,
      )),
      ...(await rowsOf(
        {
          cloud: "Google Cloud",
          into: "an object",
          floorIs: "@google-cloud/storage, the same chunks, with their CRC32C",
          sink: ["gcs-sink", crc32c.base64()],
          sender: ["gcs-upload", `sha256:${sha256.digest("hex")}`, await clientOf("@google-cloud/storage")],
        },
        file,
        limitMB,
      )),
      ...(await rowsOf(
        {
          cloud: "Azure",
          into: "a managed disk",
          floorIs: "@azure/storage-blob, 16 requests at a time, 4 MiB each, with their MD5",
          sink: ["azure-sink"],
          sender: ["azure-upload", await clientOf("@azure/storage-blob")],
        },
        file,
        limitMB,
      )),
    ];
  } finally {
    rmSync(file);
  }
}

async function rowsOf(
  { cloud, into, floorIs, sink: [sinkName, ...sinkArgs], sender: [sender, ...args] }: Upload,
  file: string,
  limitMB: number,
): Promise<Row[]> {
  return withSink(sinkName, sinkArgs, async (url) => {
    const peaks: number[] = [];
    const send = (who: "ours" | "theirs") => child<{ seconds: number; peakMB: number }>(sender, who, file, url, ...args);
    const ours = async (): Promise<number> => {
      const { seconds, peakMB } = await send("ours");
      peaks.push(peakMB);
      return seconds;
    };
    const pairs = await inPairs(PAIRS, ours, async () => (await send("theirs")).seconds);
    return [
      { what: `${cloud}: 1 GiB of noise into ${into}, on loopback`, ...throughput(SIZE_MIB * MIB, pairs), floorIs, leastRatio: 0.8 },
      { what: `${cloud}: peak memory of the upload`, value: Math.max(...peaks), unit: "MB", limit: limitMB },
    ];
  });
}

async function clientOf(name: string): Promise<string> {
  return pathToFileURL(await ensureNpmProgram(name)).href;
}
