import type { EntryStep } from "./plan.ts";

/** A directory that root owns, unless it is another's, whose number is user and group. */
export function directoryStep(path: string, mode = 0o755, owner = 0): EntryStep {
  return { kind: "entry", path, type: "directory", mode, uid: owner, gid: owner };
}

/** A text file that root owns. */
export function fileStep(path: string, contents: string, mode = 0o644): EntryStep {
  return { kind: "entry", path, type: "file", mode, uid: 0, gid: 0, contents };
}

/** A symlink that root owns. */
export function symlinkStep(path: string, link: string): EntryStep {
  return { kind: "entry", path, type: "symlink", mode: 0o777, uid: 0, gid: 0, link };
}
