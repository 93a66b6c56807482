import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bytes } from "../../sdk/core/bytes.ts";
import { type Disk, readExtent } from "../../sdk/disk/extent.ts";

// some judges are in sbin, which is not on every user's PATH
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: "C", MTOOLS_SKIP_CHECK: "1" };

/** Runs a foreign tool and returns its output. Any status but 0 throws, with the output. */
export function judge(tool: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { env: ENV, encoding: "utf8", timeout: 60_000, maxBuffer: 64 << 20 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** As {@link judge}, for a tool whose output is bytes. */
export function judgeBytes(tool: string, ...args: string[]): Buffer {
  return execFileSync(tool, args, { env: ENV, timeout: 60_000, maxBuffer: 256 << 20, stdio: ["ignore", "pipe", "ignore"] });
}

/** The bytes of a writer whose chunks are valid only until the next one. */
export async function copied(content: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** A folder that is deleted with the test that uses it: `await using`. */
export async function scratch(): Promise<{
  readonly path: string;
  file(name: string, content: Bytes): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), "linuxkit-judge-"));
  return {
    path,
    async file(name, content) {
      const target = join(path, name);
      await using file = await open(target, "w");
      for await (const chunk of content) await file.write(chunk);
      return target;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Writes a raw image without its zeroes: the reference that other formats are compared with. */
export async function writeSparse(path: string, disk: Disk): Promise<string> {
  await using file = await open(path, "w");
  await file.truncate(disk.size);
  for (const extent of disk.extents) {
    let at = extent.offset;
    for await (const chunk of readExtent(extent)) {
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
  }
  return path;
}
