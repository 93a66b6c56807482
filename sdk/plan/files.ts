import type { Digest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { FileSpec } from "../definition/definition.ts";
import { plainPath } from "../definition/file.ts";
import type { PathMapping } from "./path-mapping.ts";
import type { EntryStep } from "./plan.ts";

/** The id of a file's owner, which may be a container's name. @throws INVALID_DEFINITION for an unknown name */
export type OwnerNumber = (owner: number | string, path: string) => number;

/** The definition itself as text, for files with `metadata`. */
export type Metadata = (kind: "yaml" | "json") => string;

/**
 * The definition's files as steps. Large files, whose bytes are in the blob store, are separate from files whose content
 * is in the plan, so a changed line does not recompress a gigabyte. If two files have the same path, the later one wins.
 *
 * @throws INVALID_DEFINITION for an unknown owner, or a `source` that has not been read
 */
export function fileSteps(
  files: readonly FileSpec[],
  place: PathMapping,
  owner: OwnerNumber,
  metadata: Metadata,
): { large: EntryStep[]; small: EntryStep[] } {
  const last = new Map(files.map((file, index) => [plainPath(file.path), index]));
  const large: EntryStep[] = [];
  const small: EntryStep[] = [];
  for (const [index, file] of files.entries()) {
    if (last.get(plainPath(file.path)) !== index) continue;
    const where = `files[${index}]`;
    const common = {
      kind: "entry" as const,
      path: place(file.path),
      mode: Number.parseInt(file.mode, 8),
      uid: owner(file.uid, `${where}.uid`),
      gid: owner(file.gid, `${where}.gid`),
    };
    if (file.directory) small.push({ ...common, type: "directory" });
    else if (file.symlink !== undefined) small.push({ ...common, type: "symlink", link: file.symlink });
    else if (file.sha256 !== undefined)
      large.push({ ...common, type: "file", blob: { digest: `sha256:${file.sha256}` as Digest, size: file.size ?? 0 } });
    else if (file.metadata) small.push({ ...common, type: "file", contents: metadata(file.metadata) });
    else if (file.contents !== undefined) small.push({ ...common, type: "file", contents: file.contents });
    else throw unread(file, where);
  }
  return { large, small };
}

// a source is read before planning, where the project's folder is known
function unread(file: FileSpec, where: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${where}.source: ${file.source} has not been read: use ImageBuild or build()`, {
    path: `${where}.source`,
  });
}
