import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import type { FileSpec } from "../definition/definition.ts";
import { ignoredPaths } from "./ignored-paths.ts";

/** The file in a folder that names what is left out. */
const IGNORE_FILE = ".dockerignore";

/** Most files, folders and links of one folder, and their bytes together: a forgotten `node_modules` or disk image shows early. */
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 2 ** 30;

/** Bytes of small text files of one folder that the definition keeps itself; the cache has the rest. */
const INLINE_BYTES = 2 ** 20;

/** Reads one file into a definition: as text where `inline` allows it and it is small. */
export type ReadFile = (path: string, spec: FileSpec, inline: boolean) => FileSpec;

/** Where a folder goes, and whose its files are. */
export type FolderPlace = Pick<FileSpec, "path" | "uid" | "gid">;

/** Refuses a mode beside a folder as the source. @throws INVALID_DEFINITION */
export function refuseFolderMode(where: string, path: string, mode: string, folder: string): never {
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${where}: mode: got "${mode}" for the folder ${folder}, whose files keep their own: leave it out`,
    { path: `files.${path}.mode` },
  );
}

/** The mode of a file that keeps whether it can be executed, as in git. */
export function keptMode({ mode }: { readonly mode: number }): string {
  return (mode & 0o111) === 0 ? "0644" : "0755";
}

/**
 * A folder as files of the definition: itself, then what is in it by name, so that equal folders are equal definitions. A file
 * keeps whether it can be executed (0755, else 0644), as in git; owner and group are those of `file`. Links stay links.
 *
 * @param where the file in the definition, for messages: `files /opt/app`
 * @throws TOO_LARGE; UNSUPPORTED for a socket, pipe or device
 */
export function readLocalFolder(folder: string, { path: top, uid, gid }: FolderPlace, where: string, read: ReadFile): FileSpec[] {
  const isIgnored = ignoredPaths(ignoreFileOf(folder));
  const found: FileSpec[] = [{ path: top, directory: true, mode: "0755", uid, gid }];
  const root = top.replace(/\/+$/, "");
  let bytes = 0;
  let inline = 0;
  const limit = (what: string, most: number, got: number): void => {
    if (got <= most) return;
    throw new LinuxKitError(
      "TOO_LARGE",
      `${where}: the folder ${folder} has more than ${most} ${what}: leave some out by ${join(folder, IGNORE_FILE)}, or build an image from it`,
      { what: folder, limit: most, got },
    );
  };
  const walk = (below: string): void => {
    for (const name of readdirSync(join(folder, below)).sort((a, b) => (a < b ? -1 : 1))) {
      const path = below === "" ? name : `${below}/${name}`;
      const ignored = path === IGNORE_FILE || isIgnored(path);
      const stats = lstatSync(join(folder, path));
      // an ignored folder may hold something that a later line takes back
      if (stats.isDirectory()) {
        if (!ignored) add({ path: `${root}/${path}`, directory: true, mode: "0755", uid, gid });
        walk(path);
      } else if (!ignored) addFile(path, stats);
    }
  };
  const add = (spec: FileSpec): void => {
    found.push(spec);
    limit("files", MOST_ENTRIES, found.length);
  };
  const addFile = (path: string, stats: ReturnType<typeof lstatSync> & object): void => {
    const target = `${root}/${path}`;
    if (stats.isSymbolicLink()) return add({ path: target, symlink: readlinkSync(join(folder, path)), mode: "0600", uid, gid });
    if (!stats.isFile())
      throw new LinuxKitError(
        "UNSUPPORTED",
        `${where}: ${join(folder, path)} is a socket, pipe or device, wanted files, folders and links: leave it out by ${join(folder, IGNORE_FILE)}`,
        { what: path },
      );
    bytes += Number(stats.size);
    limit("bytes", MOST_BYTES, bytes);
    const spec: FileSpec = { path: target, mode: keptMode({ mode: Number(stats.mode) }), uid, gid };
    const made = read(join(folder, path), spec, inline < INLINE_BYTES);
    if (made.contents !== undefined) inline += Number(stats.size);
    add(made);
  };
  walk("");
  return found;
}

function ignoreFileOf(folder: string): string {
  try {
    return readFileSync(join(folder, IGNORE_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
