import { readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { promisify } from "node:util";
// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import type { BlobStore } from "../cache/blob-store.ts";
import { seal, unseal } from "../cache/sealed.ts";
import { verifiedFile } from "../cache/verified-file.ts";
import { collect, measure } from "../core/bytes.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { readDeb } from "./deb.ts";
import { debDigest, type LockedDeb } from "./locked.ts";
import { type ModuleInfo, modinfoFields, moduleName, readModuleInfo } from "./modinfo.ts";

/** A file in the pack; sizes are bytes. */
interface Packed {
  /** Of its bytes in the pack. */
  readonly digest: Digest;
  readonly offset: number;
  readonly length: number;
  /** The size of the file, which is more than `length` if it is compressed. */
  readonly size: number;
}

/** A module of a kernel's package. */
export interface PackedModule extends ModuleInfo, Packed {
  /** The name of its file, without folders. */
  readonly file: string;
}

/** The contents of a kernel's package, without the bytes of its files. */
export interface KernelContents {
  readonly vmlinuz: Packed;
  /** The configuration that the kernel was built with (`/boot/config-…`). */
  readonly config: string;
  readonly modules: readonly PackedModule[];
  /** Names of built-in modules. */
  readonly builtin: readonly string[];
  /** Aliases of built-in modules. */
  readonly builtinAliases: readonly string[];
}

/**
 * A kernel's package, unpacked once: decompressing it takes seconds, and an image needs only a few of its 1100 modules.
 * `<sha256>.kernel` lists its files, and `<sha256>.pack` contains them, each module compressed separately.
 */
export class KernelPack {
  readonly contents: KernelContents;
  readonly #path: string;
  readonly #list: string;

  constructor(path: string, list: string, contents: KernelContents) {
    this.#path = path;
    this.#list = list;
    this.contents = contents;
  }

  /** The kernel itself, with its size in bytes. */
  vmlinuz(): { readonly size: number; readonly body: AsyncIterable<Uint8Array> } {
    return { size: this.contents.vmlinuz.size, body: this.#read(this.contents.vmlinuz) };
  }

  /** The file of a module, uncompressed. */
  async *module(packed: PackedModule): AsyncGenerator<Uint8Array> {
    yield await promisify(zlib.zstdDecompress)(await collect(this.#read(packed), LARGEST_MODULE, packed.file));
  }

  #read({ digest, offset: start, length }: Packed): AsyncIterable<Uint8Array> {
    return verifiedFile(this.#path, digest, { start, length, index: this.#list });
  }
}

/** Opens a kernel's package, which must be in the store; unpacks it on first use. @throws CORRUPT if it has no kernel */
export async function openKernelPack(
  deb: Pick<LockedDeb, "name" | "sha256">,
  options: { store: BlobStore; cacheDir: string; signal?: AbortSignal | undefined },
): Promise<KernelPack> {
  const base = join(options.cacheDir, "indexes", `${deb.sha256}.2`);
  const [list, pack] = [`${base}.kernel`, `${base}.pack`];
  const kept = unseal(await readFile(list, "utf8").catch(() => ""));
  if (kept !== undefined && (await stat(pack).catch(() => undefined)))
    return new KernelPack(pack, list, JSON.parse(kept) as KernelContents);
  const found: Found = { modules: [], builtin: [], builtinAliases: [] };
  await writeFileWhole(pack, takeApart(deb, found, options), { signal: options.signal });
  const { vmlinuz, config, modules, builtin, builtinAliases } = found;
  if (vmlinuz === undefined || config === undefined) {
    throw new LinuxKitError(
      "CORRUPT",
      `${deb.name}: not a kernel package: it has no boot/${vmlinuz === undefined ? "vmlinuz" : "config"}-…`,
      { path: deb.name },
    );
  }
  // sorted by name, so that images do not depend on the order in the package
  const contents: KernelContents = {
    vmlinuz,
    config,
    modules: modules.sort((a, b) => (a.name < b.name ? -1 : 1)),
    builtin,
    builtinAliases,
  };
  await writeFileWhole(list, [seal(JSON.stringify(contents))], { signal: options.signal });
  return new KernelPack(pack, list, contents);
}

interface Found {
  vmlinuz?: Packed;
  config?: string;
  readonly modules: PackedModule[];
  readonly builtin: string[];
  readonly builtinAliases: string[];
}

const LARGEST_MODULE = 64 << 20;

async function* takeApart(
  deb: Pick<LockedDeb, "name" | "sha256">,
  found: Found,
  { store, signal }: { store: BlobStore; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const { member, entry } of readDeb(store.open(debDigest(deb)), deb.name)) {
    throwIfCancelled(signal, `reading ${deb.name}`);
    if (member !== "data" || entry.type !== "file") continue;
    const file = posix.basename(entry.path);
    if (entry.path.startsWith("boot/vmlinuz-") || entry.path.startsWith("boot/vmlinux-")) {
      const seen = { size: 0, digest: digestOf("") };
      yield* measure(entry.body, seen);
      found.vmlinuz = { digest: seen.digest, offset, length: entry.size, size: entry.size };
      offset += entry.size;
    } else if (entry.path.startsWith("boot/config-")) {
      found.config = (await collect(entry.body, 4 << 20, entry.path)).toString("utf8");
    } else if (file === "modules.builtin") {
      const paths = (await collect(entry.body, 4 << 20, entry.path)).toString("utf8").split("\n");
      found.builtin.push(...paths.filter((path) => path !== "").map((path) => moduleName(posix.basename(path))));
    } else if (file === "modules.builtin.modinfo") {
      const fields = modinfoFields(await collect(entry.body, 16 << 20, entry.path));
      found.builtinAliases.push(...fields.filter(([name]) => name.endsWith(".alias")).map(([, value]) => value));
    } else if (file.endsWith(".ko")) {
      const body = await collect(entry.body, LARGEST_MODULE, entry.path);
      const packed = await promisify(zlib.zstdCompress)(body);
      found.modules.push({
        ...readModuleInfo(body, file),
        file,
        digest: digestOf(packed),
        offset,
        length: packed.length,
        size: body.length,
      });
      offset += packed.length;
      yield packed;
    }
  }
}
