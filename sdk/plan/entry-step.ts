import type { Arch } from "../core/arch.ts";
import { type GuestProgramName, guestProgram } from "../guest/program.ts";
import type { EntryStep } from "./plan.ts";

/** A directory. `owner` is the id of its user and its group. @default root */
export function directoryStep(path: string, mode = 0o755, owner = 0): EntryStep {
  return { kind: "entry", path, type: "directory", mode, uid: owner, gid: owner };
}

/** A text file. `owner` is the id of its user and its group. @default root */
export function fileStep(path: string, contents: string, mode = 0o644, owner = 0): EntryStep {
  return { kind: "entry", path, type: "file", mode, uid: owner, gid: owner, contents };
}

/** A symlink owned by root. */
export function symlinkStep(path: string, link: string): EntryStep {
  return { kind: "entry", path, type: "symlink", mode: 0o777, uid: 0, gid: 0, link };
}

/** A program of the guest. `owner` is the user and group that it belongs to. */
export function programStep(path: string, arch: Arch, name: GuestProgramName = "linuxkitd", owner = 0): EntryStep {
  const { digest, size } = guestProgram(arch, name);
  return { kind: "entry", path, type: "file", mode: 0o755, uid: owner, gid: owner, program: { digest, size } };
}
