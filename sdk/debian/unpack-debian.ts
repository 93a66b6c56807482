import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../archive/entry.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { storedContent } from "../cache/stored-content.ts";
import type { Arch } from "../core/arch.ts";
import { collect } from "../core/bytes.ts";
import { throwIfCancelled } from "../core/errors.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { type Accounts, accountsOf, groupText, passwdText } from "./accounts.ts";
import { debContents } from "./contents.ts";
import { readDeb } from "./deb.ts";
import { DECLARED, type Declared, type Made } from "./declared.ts";
import { EMPTIED, emptyLibraries } from "./empty-libraries.ts";
import { debDigest, type LockedDeb } from "./locked.ts";
import { madeLinks } from "./made-links.ts";
import { MERGED_FOLDERS, MOVED_FOLDERS, mergedPath } from "./merged-usr.ts";
import { selectPaths } from "./selection.ts";
import { globExpression } from "./slim.ts";

export interface UnpackOptions {
  readonly store: BlobStore;
  /** The folder with `indexes/`. See `defaultCacheDir`. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
}

/** Folders that programs expect but that are in no package, with their modes. */
const USUAL_FOLDERS: readonly (readonly [string, number])[] = [
  ["root", 0o700],
  ["run", 0o755],
  ["run/lock", 0o1777],
  ["tmp", 0o1777],
  ["var", 0o755],
  ["var/cache", 0o755],
  ["var/lib", 0o755],
  ["var/log", 0o755],
  ["var/tmp", 0o1777],
];

const ALWAYS_MERGED: readonly string[] = ["bin", "lib", "sbin"];

const NAME_SERVICES = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nprotocols: files\nservices: files\n";

/** Bytes; the largest file that is gathered in place of a maintainer script. */
const GATHERED_LIMIT = 16 << 20;

/**
 * The tree of an image made from packages, with a merged /usr. First come the symlinks `bin`, `lib`, `lib64` and `sbin`,
 * then the packages sorted by name, then replacements of maintainer scripts (see {@link madeLinks} and {@link DECLARED}),
 * accounts, and the image's own `files`. If entries have the same path, the last one counts. Times are 0. Equal locks give equal trees.
 *
 * Every package must be in the store: see `ensureDebs`. Only the paths and the gathered files are in memory.
 *
 * @throws CORRUPT for a broken package, or if two packages install the same path; CANCELLED
 */
export async function* unpackDebian(
  debian: DebianImage["debian"],
  packages: readonly LockedDeb[],
  arch: Arch,
  options: UnpackOptions,
): AsyncGenerator<Entry> {
  const opened = [];
  for (const deb of packages) {
    throwIfCancelled(options.signal, "unpacking");
    opened.push({ deb, contents: await debContents(deb, options.store, options.cacheDir) });
  }
  const selected = selectPaths(opened, debian, arch);
  const paths = new Set([...selected.values()].flatMap((own) => [...own]));
  const added = debian.files.map(({ path }) => mergedPath(plain(path)));
  const hasPrograms = [...paths].some((path) => /^usr\/s?bin\//.test(path));
  const folders = new Set<string>();
  for (const folder of MERGED_FOLDERS) {
    if ((hasPrograms && ALWAYS_MERGED.includes(folder)) || [...paths, ...added].some((path) => path.startsWith(`usr/${folder}/`))) {
      folders.add(`usr/${folder}`);
      yield directoryEntry(`usr/${folder}`);
      yield symlinkEntry(folder, `usr/${folder}`);
    }
  }
  if (hasPrograms) {
    for (const [path, mode] of USUAL_FOLDERS) {
      folders.add(path);
      yield directoryEntry(path, mode);
    }
    for (const { path, symlink } of MOVED_FOLDERS) yield symlinkEntry(path, symlink);
  }

  const declared = packages.flatMap(({ name, keep }) => (typeof keep === "string" && DECLARED[name] ? [DECLARED[name]] : []));
  const emptied = debian.role === "init" ? [EMPTIED] : [];
  const gathering = new Gathering(declared, emptied);
  for (const { deb } of opened) {
    for await (const entry of unpackDeb(deb, selected.get(deb.name) as ReadonlySet<string>, gathering, options)) {
      // every package has the folders above its files; as with dpkg, the first package determines mode and owner
      if (entry.type === "directory" && folders.has(entry.path)) continue;
      if (entry.type === "directory") folders.add(entry.path);
      yield entry;
    }
  }

  for (const path of emptied) {
    const program = gathering.bytes(path);
    if (program) yield* emptyLibraries(program, paths, arch);
  }

  yield* madeLinks(opened, paths, arch);

  const accounts = accountsOf(
    debian,
    paths.has("usr/bin/bash") ? "/bin/bash" : "/bin/sh",
    declared.flatMap(({ users = [] }) => users),
    gathering.texts(SYSUSERS),
  );
  yield* make(
    declared.flatMap(({ makes = [] }) => makes),
    accounts,
    new Set(packages.map(({ name }) => name)),
    gathering,
  );
  if (hasPrograms || debian.users.length > 0 || debian.groups.length > 0) {
    yield fileEntry("etc/passwd", passwdText(accounts));
    yield fileEntry("etc/group", groupText(accounts));
    if ([...paths].some((path) => path.endsWith("/libc.so.6"))) yield fileEntry("etc/nsswitch.conf", NAME_SERVICES);
  }
  yield* ownFiles(debian.files, options.store);
}

async function* unpackDeb(
  deb: LockedDeb,
  selected: ReadonlySet<string>,
  gathering: Gathering,
  options: UnpackOptions,
): AsyncGenerator<Entry> {
  for await (const { member, entry } of readDeb(options.store.open(debDigest(deb)), deb.name)) {
    throwIfCancelled(options.signal, `unpacking ${deb.name}`);
    if (member !== "data") continue;
    const path = mergedPath(entry.path);
    let body = entry.body;
    if (entry.type === "file" && typeof deb.keep === "string" && gathering.wants(path)) body = [await gathering.take(path, body)];
    if (!selected.has(path)) continue;
    const link = entry.type === "hardlink" ? { link: mergedPath(entry.link as string) } : {};
    yield { ...entry, ...link, path, mtime: 0, body };
  }
}

const SYSUSERS = "usr/lib/sysusers.d/*.conf";

/** Files that later steps read, kept while their packages are unpacked, even if the image does not contain them. */
class Gathering {
  readonly #patterns: ReadonlyMap<string, RegExp>;
  readonly #found = new Map<string, Buffer>();

  constructor(declared: readonly Declared[], others: readonly string[]) {
    const globs = [
      SYSUSERS,
      ...others,
      ...declared.flatMap(({ makes = [] }) => makes.flatMap((made) => ("from" in made ? [made.from] : []))),
    ];
    this.#patterns = new Map(globs.map((glob) => [glob, new RegExp(`^${globExpression(glob)}$`)]));
  }

  wants(path: string): boolean {
    return [...this.#patterns.values()].some((pattern) => pattern.test(path));
  }

  async take(path: string, body: Entry["body"]): Promise<Buffer> {
    const bytes = await collect(body, GATHERED_LIMIT, path);
    this.#found.set(path, bytes);
    return bytes;
  }

  /** The contents of one file. */
  bytes(path: string): Buffer | undefined {
    return this.#found.get(path);
  }

  /** The contents of the files that match a pattern, sorted by path. */
  texts(glob: string): string[] {
    const pattern = this.#patterns.get(glob);
    const names = [...this.#found.keys()].filter((path) => pattern?.test(path)).sort();
    return names.map((path) => (this.#found.get(path) as Buffer).toString("latin1"));
  }
}

function* make(makes: readonly Made[], accounts: Accounts, packages: ReadonlySet<string>, gathering: Gathering): Generator<Entry> {
  for (const made of makes) {
    if ("symlink" in made) {
      if (made.beside === undefined || packages.has(made.beside)) yield symlinkEntry(made.path, made.symlink);
    } else if ("directory" in made) {
      const user = accounts.users.get(made.user);
      yield directoryEntry(made.path, made.mode, { uid: user?.uid ?? 0, gid: user?.gid ?? 0 });
    } else {
      const texts = gathering.texts(made.from).map((text) => (text.endsWith("\n") ? text : `${text}\n`));
      if (texts.length > 0) yield fileEntry(made.path, Buffer.from(texts.join(""), "latin1"), made.mode ?? 0o644);
    }
  }
}

function* ownFiles(files: DebianImage["debian"]["files"], store: BlobStore): Generator<Entry> {
  for (const { path: given, contents, sha256, size = 0, directory, symlink, mode, uid = 0, gid = 0 } of files) {
    const path = mergedPath(plain(given));
    const bits = mode === undefined ? undefined : Number.parseInt(mode, 8);
    if (symlink !== undefined) yield { ...symlinkEntry(path, symlink), uid, gid };
    else if (directory) yield directoryEntry(path, bits ?? 0o755, { uid, gid });
    else if (sha256 !== undefined)
      yield { ...fileEntry(path, "", bits ?? 0o644, { uid, gid }), size, body: storedContent(store, `sha256:${sha256}`, given) };
    else yield { ...fileEntry(path, contents ?? "", bits ?? 0o644, { uid, gid }), ...(contents ? {} : { body: NO_BODY }) };
  }
}

function plain(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
