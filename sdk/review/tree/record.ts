import { createHash } from "node:crypto";
import type { Entry, EntryHeader } from "../../archive/entry.ts";
import { collect } from "../../core/bytes.ts";
import { type FileOwners, fileOwners } from "../../sbom/file-owners.ts";
import type { SoftwarePackage } from "../../sbom/package.ts";
import { DATABASE_LIMIT, treeDatabases } from "../../sbom/tree-databases.ts";

/** What a tree has at a path, its content as a digest. A hard link is what it links to. */
export interface TreeRecord {
  /** `file`, `directory`, `link to TARGET`, `fifo`, `character device 1:3`. */
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file. */
  readonly size: number;
  /** The sha256 of a file's content as 64 hexadecimal digits; `""` for anything else. */
  readonly sha256: string;
  /** Extended attributes as `NAME=base64`, sorted. */
  readonly xattrs: readonly string[];
}

/** A tree without its contents. */
export interface RecordedTree {
  /** By path, relative to the root; `""` is the root, which is always there. */
  readonly records: ReadonlyMap<string, TreeRecord>;
  /** The file of each hard link, by path. */
  readonly links: ReadonlyMap<string, string>;
  /** What the package databases in it list. */
  readonly packages: readonly SoftwarePackage[];
  /** Which package a path comes from, as those databases say. */
  readonly owners: Pick<FileOwners, "ownerOf">;
}

/** What a folder is like that no layer holds: a runtime makes it so (image-spec, layer.md), and so does the flattened tree. */
const IMPLIED: TreeRecord = { kind: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, sha256: "", xattrs: [] };

/** Reads a tree once. Memory holds one record for each path, and the package databases. */
export async function recordTree(entries: AsyncIterable<Entry>): Promise<RecordedTree> {
  const records = new Map<string, TreeRecord>([["", IMPLIED]]);
  const links = new Map<string, string>();
  const [databases, owners] = [treeDatabases(), fileOwners()];
  for await (const entry of entries) {
    const { path, type, link = "" } = entry;
    const linked = type === "hardlink" ? records.get(link) : undefined;
    if (linked) links.set(path, link);
    records.set(path, linked ?? (await recordOf(entry, [databases, owners])));
  }
  return { records, links, packages: databases.packages(), owners };
}

/** What reads some files of a tree. */
type Reader = Pick<FileOwners, "wants" | "add">;

async function recordOf(entry: Entry, readers: readonly Reader[]): Promise<TreeRecord> {
  const { path, type, mode, uid, gid, size, body } = entry;
  const xattrs = [...(entry.xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString("base64")}`).sort();
  const header = { kind: kindOf(entry), mode, uid, gid, size: type === "file" ? size : 0, xattrs };
  if (type !== "file") return { ...header, sha256: "" };
  const hash = createHash("sha256");
  const wanting = readers.filter((reader) => reader.wants(path));
  if (wanting.length > 0) {
    const bytes = await collect(body, DATABASE_LIMIT, path);
    const text = bytes.toString();
    for (const reader of wanting) reader.add(path, text);
    hash.update(bytes);
  } else for await (const chunk of body) hash.update(chunk);
  return { ...header, sha256: hash.digest("hex") };
}

function kindOf({ type, link = "", major = 0, minor = 0 }: EntryHeader): string {
  if (type === "symlink") return `link to ${link}`;
  return type === "character" || type === "block" ? `${type} device ${major}:${minor}` : type;
}
