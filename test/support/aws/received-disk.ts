import { open } from "node:fs/promises";
import { BLOCK_BYTES } from "../../../sdk/upload/block-map.ts";
import type { AwsServer } from "./aws-server.ts";

const GIB = 2 ** 30;

/** Writes the blocks of a snapshot and of its parents to a raw file, as EBS fills a volume. */
export async function receivedDisk({ ebs }: AwsServer, snapshot: string, path: string): Promise<string> {
  await using file = await open(path, "wx");
  await file.truncate((ebs.snapshots.get(snapshot)?.sizeGiB ?? 0) * GIB);
  for (const [index, bytes] of ebs.blocksOf(snapshot)) await file.write(bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
  return path;
}
