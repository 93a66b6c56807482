import type { EntryStep } from "./plan.ts";

/** A directory that root owns. */
export function directoryStep(path: string, mode = 0o755): EntryStep {
  return { kind: "entry", path, type: "directory", mode, uid: 0, gid: 0 };
}

/** A text file that root owns. */
export function fileStep(path: string, contents: string, mode = 0o644): EntryStep {
  return { kind: "entry", path, type: "file", mode, uid: 0, gid: 0, contents };
}
