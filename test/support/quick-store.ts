import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { fileBytes } from "../../sdk/core/file-bytes.ts";
import { type Digest, hexOf } from "../../sdk/core/digest.ts";

/**
 * A store of packages for tests that unpack many images. It packs each package anew with zstd, which Node reads natively:
 * dpkg-deb takes the archives out, so a package is the same but for its compression.
 */
export class QuickStore extends BlobStore {
  readonly #folder: string;
  readonly #packed = new Map<string, Promise<string>>();

  constructor(directory: string, folder: string) {
    super(directory);
    this.#folder = folder;
  }

  override async *open(digest: Digest): AsyncGenerator<Uint8Array> {
    const key = hexOf(digest);
    const packed = this.#packed.get(key) ?? repack(this.path(digest), join(this.#folder, key));
    this.#packed.set(key, packed);
    yield* fileBytes(await packed);
  }
}

async function repack(deb: string, target: string): Promise<string> {
  await mkdir(target, { recursive: true });
  const members: [name: string, path: string][] = [];
  for (const [name, option] of [
    ["control.tar.zst", "--ctrl-tarfile"],
    ["data.tar.zst", "--fsys-tarfile"],
  ] as const) {
    const path = join(target, name);
    const child = spawn("dpkg-deb", [option, deb], { stdio: ["ignore", "pipe", "inherit"] });
    await pipeline(child.stdout, createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }), createWriteStream(path));
    members.push([name, path]);
  }
  const whole = join(target, "deb");
  await pipeline(Readable.from(ar(members)), createWriteStream(`${whole}.new`));
  for (const [, path] of members) await rm(path);
  await rename(`${whole}.new`, whole);
  return whole;
}

/** A package as deb(5) has it. */
async function* ar(members: readonly [name: string, path: string][]): AsyncGenerator<Uint8Array> {
  const header = (name: string, size: number): Buffer =>
    Buffer.from(`${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(size).padEnd(10)}\`\n`);
  yield Buffer.from("!<arch>\n");
  yield Buffer.concat([header("debian-binary", 4), Buffer.from("2.0\n")]);
  for (const [name, path] of members) {
    const { size } = await stat(path);
    yield header(name, size);
    yield* fileBytes(path);
    if (size % 2 === 1) yield Buffer.from("\n");
  }
}
