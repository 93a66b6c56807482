import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileBytes } from "../sdk/core/file-bytes.ts";
import { encodeBlockList, listBlocks } from "../sdk/upload/block-list.ts";
import { blockMap } from "../sdk/upload/block-map.ts";
import { child } from "./child.ts";
import { inPairs, throughput } from "./pairs.ts";
import type { Row } from "./row.ts";

const MIB = 1 << 20;
const SIZE_MIB = 1024;
const PAIRS = 5;

/** Sends a GiB of noise to a server on loopback that checks nothing, in turn with a plain loop of fetch over as many connections. */
export async function uploadRows(folder: string, limitMB: number): Promise<Row[]> {
  const file = join(folder, "upload.raw");
  const handle = await open(file, "w");
  for (let at = 0; at < SIZE_MIB; at += 16) await handle.write(randomFillSync(Buffer.allocUnsafe(16 * MIB)));
  await handle.close();
  writeFileSync(`${file}.blocks`, encodeBlockList(listBlocks(await blockMap(fileBytes(file)))));
  const sink = spawn(process.execPath, [fileURLToPath(new URL("./process/ebs-sink.ts", import.meta.url))], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = (await once(sink.stdout, "data")) as [Buffer];
    const url = `http://127.0.0.1:${port.toString().trim()}`;
    const peaks: number[] = [];
    const send = (who: "ours" | "fetch") => child<{ seconds: number; peakMB: number }>("ebs-upload", who, file, url);
    const ours = async (): Promise<number> => {
      const { seconds, peakMB } = await send("ours");
      peaks.push(peakMB);
      return seconds;
    };
    const pairs = await inPairs(PAIRS, ours, async () => (await send("fetch")).seconds);
    return [
      {
        what: "AWS: 1 GiB of noise into a snapshot, on loopback",
        ...throughput(SIZE_MIB * MIB, pairs),
        floorIs: "fetch over 64 connections, the same blocks",
        leastRatio: 0.8,
      },
      { what: "AWS: peak memory of the upload", value: Math.max(...peaks), unit: "MB", limit: limitMB },
    ];
  } finally {
    const ended = once(sink, "close");
    sink.kill("SIGTERM");
    await ended;
    rmSync(file);
  }
}
