import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { seal, unseal } from "../cache/sealed.ts";
import type { Arch } from "../core/arch.ts";
import { type Bytes, measure, verify } from "../core/bytes.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { readParagraphs } from "./control.ts";
import { parseProvides } from "./dependency.ts";
import { KEPT_FIELDS, type PackageRecord, parseRecord } from "./record.ts";

/**
 * The packages of a suite, on disk: `<key>.packages` has the needed fields of each paragraph, and `<key>.table` its
 * sha256 and their offsets by name. Only the table is in memory (3 MB for Debian's 63 000 packages); records are read on demand.
 */
export interface PackageIndex {
  /** The names of all packages, in the order of the suite. */
  readonly names: () => Iterable<string>;
  /** The versions of a package in the suite: usually one. */
  readonly find: (name: string) => Promise<readonly PackageRecord[]>;
  /** The names of the packages that provide a virtual package. */
  readonly providers: (name: string) => readonly string[];
}

/** Opens the index with this key; undefined if not found. */
export async function openPackageIndex(directory: string, key: string, archive: "debian" | "security"): Promise<PackageIndex | undefined> {
  const packages = packagesPath(directory, key);
  const table = unseal(await readFile(tablePath(directory, key), "utf8").catch(() => ""));
  if (table === undefined || !(await isUnchanged(packages, table.slice(0, table.indexOf("\n")) as Digest))) return undefined;
  const places = new Map<string, string>();
  const providers = new Map<string, string[]>();
  for (const line of table.split("\n")) {
    const [kind, name, value] = line.split("\t") as [string, string, string];
    if (kind === "package") places.set(name, places.has(name) ? `${places.get(name)} ${value}` : value);
    else if (kind === "provided") providers.set(name, [...(providers.get(name) ?? []), value]);
  }
  return {
    names: () => places.keys(),
    providers: (name) => providers.get(name) ?? [],
    find: async (name) => {
      const found = places.get(name)?.split(" ") ?? [];
      if (found.length === 0) return [];
      await using file = await open(packages);
      const records: PackageRecord[] = [];
      for (const place of found) {
        const [offset, length] = place.split("+").map(Number) as [number, number];
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
        records.push(parseRecord(buffer.toString("utf8", 0, bytesRead), archive));
      }
      return records;
    },
  };
}

/** Writes the index of a decompressed Packages file. Memory does not grow with the size of its paragraphs. */
export async function writePackageIndex(directory: string, key: string, source: Bytes, arch: Arch, signal?: AbortSignal): Promise<void> {
  const table: Buffer[] = [];
  const written = { size: 0, digest: digestOf("") };
  await writeFileWhole(packagesPath(directory, key), measure(reduce(source, arch, table), written), { signal });
  // written last, so that an interrupted run leaves no index that looks complete
  await writeFileWhole(tablePath(directory, key), [seal(`${written.digest}\n${Buffer.concat(table).toString("utf8")}`)], { signal });
}

// an index in a shared folder is read only while it is what was verified when it was written
async function isUnchanged(path: string, digest: Digest): Promise<boolean> {
  try {
    for await (const _ of verify(fileBytes(path, { memory: "reused" }), { digest }, path));
    return true;
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND") || isLinuxKitError(error, "DIGEST_MISMATCH")) return false;
    throw error;
  }
}

// change the number in the names when the layout changes, so that an older index is not read as a newer one
const packagesPath = (directory: string, key: string): string => join(directory, `${key}.2.packages`);
const tablePath = (directory: string, key: string): string => join(directory, `${key}.2.table`);

const KEPT = new RegExp(`^(?:${KEPT_FIELDS.join("|")}):.*(?:\\n[ \\t].*)*`, "gm");

async function* reduce(source: Bytes, arch: Arch, table: Buffer[]): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for await (const paragraphs of readParagraphs(source)) {
    const kept: Buffer[] = [];
    const rows: string[] = [];
    for (const paragraph of paragraphs) {
      const lines = paragraph.match(KEPT);
      const name = lines
        ?.find((line) => line.startsWith("Package: "))
        ?.slice("Package: ".length)
        .trim();
      if (!lines || name === undefined) continue;
      const bytes = Buffer.from(`${lines.join("\n")}\n\n`);
      rows.push(`package\t${name}\t${offset}+${bytes.length}\n`);
      for (const virtual of provided(lines, arch)) rows.push(`provided\t${virtual}\t${name}\n`);
      kept.push(bytes);
      offset += bytes.length;
    }
    // as bytes, because a substring would keep the whole text in memory
    table.push(Buffer.from(rows.join("")));
    yield Buffer.concat(kept);
  }
}

function provided(lines: readonly string[], arch: Arch): Set<string> {
  const field = lines.find((line) => line.startsWith("Provides: "));
  return new Set(field === undefined ? [] : parseProvides(field.slice("Provides: ".length), arch).map(({ name }) => name));
}
