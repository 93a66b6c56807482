import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Arch } from "../core/arch.ts";
import type { Bytes } from "../core/bytes.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { readParagraphs } from "./control.ts";
import { parseProvides } from "./dependency.ts";
import { KEPT_FIELDS, type PackageRecord, parseRecord } from "./record.ts";

/**
 * One suite's packages, on disk: `<key>.packages` holds the needed fields of each paragraph, `<key>.table` says where each
 * name's lies. Only the table is in memory (3 MB for Debian's 63 000 packages); records are read when asked for.
 */
export interface PackageIndex {
  /** All names, in the order of the suite. */
  readonly names: () => Iterable<string>;
  /** The versions that the suite has of a package: one, seldom more. */
  readonly find: (name: string) => Promise<readonly PackageRecord[]>;
  /** Names of the packages that provide a virtual one. */
  readonly providers: (name: string) => readonly string[];
}

/** Opens the index kept under `key`, or undefined when it is not there. */
export async function openPackageIndex(directory: string, key: string, archive: "debian" | "security"): Promise<PackageIndex | undefined> {
  const packages = packagesPath(directory, key);
  const table = await readFile(tablePath(directory, key), "utf8").catch(() => undefined);
  if (table === undefined || !(await stat(packages).catch(() => undefined))) return undefined;
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

/** Makes the index of a decompressed Packages file, in memory that does not grow with its paragraphs' size. */
export async function writePackageIndex(directory: string, key: string, source: Bytes, arch: Arch, signal?: AbortSignal): Promise<void> {
  const table: Buffer[] = [];
  await writeFileWhole(packagesPath(directory, key), reduce(source, arch, table), { signal });
  // last, so that an interrupted run leaves no index that looks whole
  await writeFileWhole(tablePath(directory, key), table, { signal });
}

// a change of the layout changes the name, so that no older index is read as a newer one
const packagesPath = (directory: string, key: string): string => join(directory, `${key}.1.packages`);
const tablePath = (directory: string, key: string): string => join(directory, `${key}.1.table`);

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
    // as bytes: a piece of a string would keep the whole text alive that it was cut from
    table.push(Buffer.from(rows.join("")));
    yield Buffer.concat(kept);
  }
}

function provided(lines: readonly string[], arch: Arch): Set<string> {
  const field = lines.find((line) => line.startsWith("Provides: "));
  return new Set(field === undefined ? [] : parseProvides(field.slice("Provides: ".length), arch).map(({ name }) => name));
}
