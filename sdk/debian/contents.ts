import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EntryType } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { seal, unseal } from "../cache/sealed.ts";
import { collect } from "../core/bytes.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { parseParagraph } from "./control.ts";
import { readDeb } from "./deb.ts";
import { type Elf, isElf, readElf } from "./elf.ts";
import { debDigest, type LockedDeb } from "./locked.ts";
import { mergedPath } from "./merged-usr.ts";

/** A path that a package installs. */
export interface PackagedPath {
  /** The path in a tree with a merged /usr. */
  readonly path: string;
  readonly type: EntryType;
  /** The target of a symlink, or the other path of a hard link. */
  readonly link?: string;
  /** For a program or library: the fields that the dynamic loader reads. */
  readonly elf?: Elf;
}

/** What is known of a package without the contents of its files. */
export interface DebContents {
  /** The field `Replaces`: packages whose files this package may replace. */
  readonly replaces: string;
  /** In the order of the archive. */
  readonly paths: readonly PackagedPath[];
}

/**
 * The paths that a package installs, and the libraries that its programs need. The result is kept in `indexes/` by the
 * package's sha256, because it takes a whole decompression. The package must be in the store.
 *
 * @throws CORRUPT
 */
export async function debContents(deb: Pick<LockedDeb, "name" | "sha256">, store: BlobStore, cacheDir: string): Promise<DebContents> {
  const path = join(cacheDir, "indexes", `${deb.sha256}.3.contents`);
  const kept = unseal(await readFile(path, "utf8").catch(() => ""));
  if (kept !== undefined) return JSON.parse(kept) as DebContents;
  const paths: PackagedPath[] = [];
  let replaces = "";
  for await (const { member, entry } of readDeb(store.open(debDigest(deb)), deb.name)) {
    if (member === "control") {
      if (entry.path === "control")
        replaces = parseParagraph((await collect(entry.body, 1 << 20, deb.name)).toString("utf8")).get("replaces") ?? "";
      continue;
    }
    if (entry.path === "") continue;
    const elf = entry.type === "file" ? await elfOf(entry.body, `${deb.name}: ${entry.path}`) : undefined;
    const link = entry.type === "hardlink" ? mergedPath(entry.link as string) : entry.link;
    paths.push({ path: mergedPath(entry.path), type: entry.type, ...(link !== undefined && { link }), ...(elf && { elf }) });
  }
  await writeFileWhole(path, [seal(JSON.stringify({ replaces, paths } satisfies DebContents))]);
  return { replaces, paths };
}

/** Bytes; larger than any program or library of Debian 12 that an image would contain. */
const LARGEST_ELF = 512 << 20;

// reads an ELF file completely, because its tables may be anywhere; other files only up to their first bytes
async function elfOf(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, path: string): Promise<Elf | undefined> {
  const chunks = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  let head = Buffer.alloc(0);
  while (head.length < 64) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head.length < 64 || !isElf(head)) return undefined;
  const rest = { [Symbol.asyncIterator]: () => ({ next: async () => chunks.next() }) };
  return readElf(Buffer.concat([head, await collect(rest, LARGEST_ELF, path)]), path);
}
