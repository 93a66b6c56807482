import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EntryType } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { seal, unseal } from "../cache/sealed.ts";
import { type Bytes, collect } from "../core/bytes.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { type AboutDeb, aboutDeb } from "./about-deb.ts";
import { type Alternative, alternativesOf } from "./alternatives.ts";
import { parseParagraph } from "./control.ts";
import { licenseOf } from "./copyright.ts";
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
  /** For a program or library: libraries that the C library opens for it, which are not among those that it names. */
  readonly opens?: readonly string[];
  /** For a script: its first line, without `#!`. */
  readonly script?: string;
  /** Whether a file may be run. */
  readonly executable?: true;
}

/** What is known of a package without the contents of its files. */
export interface DebContents {
  /** The field `Replaces`: packages whose files this package may replace. */
  readonly replaces: string;
  /** Names that `update-alternatives` would make. */
  readonly alternatives: readonly Alternative[];
  /** Folders of libraries, relative to the root, that the package adds to those the loader searches (ldconfig(8)). */
  readonly loaderFolders: readonly string[];
  readonly about: AboutDeb;
  /** In the order of the archive. */
  readonly paths: readonly PackagedPath[];
}

/**
 * The paths that a package installs, and what its programs need. The result is kept in `indexes/` by the package's sha256,
 * because it takes a whole decompression. The package must be in the store.
 *
 * @throws CORRUPT
 */
export async function debContents(deb: Pick<LockedDeb, "name" | "sha256">, store: BlobStore, cacheDir: string): Promise<DebContents> {
  const known = await knownContents(deb, cacheDir);
  if (known) return known;
  const contents = await readContents(deb, store);
  await writeFileWhole(contentsPath(deb, cacheDir), [seal(JSON.stringify(contents))]);
  return contents;
}

/** The contents of a package that was read before; undefined for any other. */
export async function knownContents(deb: Pick<LockedDeb, "sha256">, cacheDir: string): Promise<DebContents | undefined> {
  const kept = unseal(await readFile(contentsPath(deb, cacheDir), "utf8").catch(() => ""));
  return kept === undefined ? undefined : (JSON.parse(kept) as DebContents);
}

// change the number when the layout changes, so that an older file is not read as a newer one
function contentsPath({ sha256 }: Pick<LockedDeb, "sha256">, cacheDir: string): string {
  return join(cacheDir, "indexes", `${sha256}.5.contents`);
}

async function readContents(deb: Pick<LockedDeb, "name" | "sha256">, store: BlobStore): Promise<DebContents> {
  const paths: PackagedPath[] = [];
  const loaderFolders: string[] = [];
  const control = new Map<string, string>();
  let license: string | undefined;
  for await (const { member, entry } of readDeb(store.open(debDigest(deb)), deb.name)) {
    const { type, body } = entry;
    if (member === "control") {
      if (entry.path === "control" || entry.path === "postinst") control.set(entry.path, await textOf(body, deb.name));
      continue;
    }
    if (entry.path === "") continue;
    const path = mergedPath(entry.path);
    const link = type === "hardlink" ? mergedPath(entry.link as string) : entry.link;
    const place = { path, type, ...(link !== undefined && { link }) };
    if (type !== "file") paths.push(place);
    else if (LOADER_FOLDERS.test(path)) {
      loaderFolders.push(...foldersIn(await textOf(body, deb.name)));
      paths.push(place);
    } else if (path === `usr/share/doc/${deb.name}/copyright`) {
      license = licenseOf(await textOf(body, deb.name));
      paths.push(place);
    } else {
      const executable = (entry.mode & 0o111) !== 0 && { executable: true as const };
      paths.push({ ...place, ...(await programOf(body, `${deb.name}: ${path}`)), ...executable });
    }
  }
  const fields = parseParagraph(control.get("control") ?? "");
  const alternatives = alternativesOf(control.get("postinst") ?? "", deb.name, fields.get("architecture") ?? "");
  return { replaces: fields.get("replaces") ?? "", alternatives, loaderFolders, about: aboutDeb(fields, license), paths };
}

const LOADER_FOLDERS = /^etc\/ld\.so\.conf\.d\/[^/]+\.conf$/;

/** The folders in a file of `ld.so.conf.d`: one a line, with comments (ldconfig(8)). */
function foldersIn(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.filter((line) => line.startsWith("/")).map((line) => mergedPath(line.replace(/^\/+|\/+$/g, "")));
}

/** Bytes; longer than any control file, maintainer script or copyright file. */
const LONGEST_TEXT = 4 << 20;

async function textOf(body: Bytes, what: string): Promise<string> {
  return (await collect(body, LONGEST_TEXT, what)).toString("utf8");
}

/** Bytes; larger than any program or library of Debian 12 that an image would contain. */
const LARGEST_ELF = 512 << 20;

/** The bytes of a file in which Linux seeks `#!` and its line (`BINPRM_BUF_SIZE`, include/uapi/linux/binfmts.h). */
const SCRIPT_LINE = 256;

/** What a file needs to run. Reads an ELF file completely, because its tables may be anywhere; others only up to their first bytes. */
export async function programOf(body: Bytes, path: string): Promise<Pick<PackagedPath, "elf" | "opens" | "script">> {
  const chunks = Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  let head = Buffer.alloc(0);
  while (head.length < SCRIPT_LINE) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const script = scriptLine(head);
  if (script !== undefined) return { script };
  if (head.length < 64 || !isElf(head)) return {};
  const rest = { [Symbol.asyncIterator]: () => ({ next: async () => chunks.next() }) };
  const file = Buffer.concat([head, await collect(rest, LARGEST_ELF, path)]);
  const elf = readElf(file, path);
  if (!elf) return {};
  return elf.needed.includes("libc.so.6") && endsThreads(file) ? { elf, opens: ["libgcc_s.so.1"] } : { elf };
}

/** Whether a file's symbols have a function for which the C library opens libgcc_s.so.1 (glibc, misc/unwind-link.c). */
function endsThreads(file: Buffer): boolean {
  return ["\0pthread_exit\0", "\0pthread_cancel\0"].some((symbol) => file.includes(symbol, 0, "latin1"));
}

/** The first line of a script, without `#!`; undefined for any other file (execve(2)). */
export function scriptLine(head: Buffer): string | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  return (head.toString("latin1", 2, SCRIPT_LINE).split("\n")[0] as string).trim();
}
