import { formatPath, type Step } from "../core/property-path.ts";
import type { DebianFileSpec } from "../definition/debian-image.ts";
import type { Definition, FileSpec } from "../definition/definition.ts";
import { type Members, overFileLists } from "../definition/keyed-files.ts";
import { type LocalContentOptions, localSource, readLocalFile, withContent } from "./local-content.ts";
import { keptMode, readLocalFolder, refuseFolderMode } from "./local-folder.ts";

/** Reads a file of a list into files with their content. */
export type ReadListed = (file: FileSpec | DebianFileSpec) => (FileSpec | DebianFileSpec)[];

/**
 * The definition with the content of every local file: of the machine, and of images made from packages. What is not known yet
 * stays as it is.
 *
 * @throws NOT_FOUND, TOO_LARGE, UNSUPPORTED, INVALID_DEFINITION, UNWRITABLE, DISK_FULL
 */
export function readLocalFiles(definition: Definition, places: LocalContentOptions): Definition {
  return overFiles(definition, (steps) => listedReader(steps, places));
}

/** The definition with each of its files as what a reader makes of it. */
export function overFiles(definition: Definition, reader: (steps: readonly Step[]) => ReadListed): Definition {
  return overFileLists(definition as unknown as Members, [], (part, steps) =>
    Array.isArray(part.files) ? { ...part, files: (part.files as Parameters<ReadListed>).flatMap(reader(steps)) } : part,
  ) as unknown as Definition;
}

/** The reader of a list of files, by its place: see `FileList`. */
export function listedReader(steps: readonly Step[], places: LocalContentOptions): ReadListed {
  if (steps.length === 0) return (file) => readLocalFile(file as FileSpec, places);
  const image = formatPath(steps.slice(0, -1));
  return (file) => readImageFile(file as DebianFileSpec, image, places);
}

/** {@link readLocalFile} for a file of an image made from packages, where a file without a mode keeps whether it can be executed. */
function readImageFile(file: DebianFileSpec, image: string, places: LocalContentOptions): DebianFileSpec[] {
  const { source, ...rest } = file;
  // an Output goes to the engine unchanged
  if (typeof source !== "string") return [file];
  const where = `${image}: files ${file.path}`;
  const { path, stats } = localSource(source, where, places) as NonNullable<ReturnType<typeof localSource>>;
  if (stats.isFile()) return [withContent(path, { ...rest, mode: rest.mode ?? keptMode(stats) }, true, places.store)];
  if (rest.mode !== undefined) refuseFolderMode(where, file.path, rest.mode, path);
  const { uid = 0, gid = 0 } = rest;
  const found = readLocalFolder(path, { path: file.path, uid, gid }, where, (inner, spec, inline) =>
    withContent(inner, spec, inline, places.store),
  );
  // a link has no mode
  return found.map(({ mode, ...each }) => ({ ...each, ...(each.symlink === undefined && { mode }), uid, gid }));
}
