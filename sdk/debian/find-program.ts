import { posix } from "node:path";
import type { Program, Programs } from "./programs.ts";
import { followPath, type TreeNode } from "./tree-path.ts";

/** Why a command cannot run in an image. Paths are absolute. */
export type ProgramFault =
  | { readonly kind: "absent"; readonly path?: string }
  /** A link that leads to nothing. */
  | { readonly kind: "dangling"; readonly path: string; readonly missing: string }
  | { readonly kind: "forbidden"; readonly path: string }
  /** A script whose interpreter is not there. `name` is what `env` seeks in PATH. */
  | { readonly kind: "script"; readonly path: string; readonly missing: string; readonly name?: string }
  /** A program whose loader is not there. */
  | { readonly kind: "loader"; readonly path: string; readonly missing: string };

/** A container's view of its image. */
export interface ProgramView {
  readonly programs: Programs;
  /** The folders of PATH, absolute. */
  readonly folders: readonly string[];
  /** The working directory. */
  readonly cwd: string;
  /** Whether a mount of the container covers an absolute path, so that something else may be there. */
  readonly isCovered: (path: string) => boolean;
}

/** Scripts that are each other's interpreters (`bprm_execve` of Linux, fs/exec.c: 5). */
const MOST_SCRIPTS = 5;

/**
 * Seeks a command as the runtime does, and follows what the kernel needs to run it: links, the line after `#!`, the loader.
 * Undefined if it runs, or if a mount may bring it.
 */
export function findFault(command: string, view: ProgramView, depth = 0): ProgramFault | undefined {
  const places = command.includes("/") ? [posix.resolve(view.cwd, command)] : view.folders.map((folder) => posix.join(folder, command));
  // a folder of PATH that a mount covers may have the command
  if (places.some((place) => view.isCovered(place))) return undefined;
  let fault: ProgramFault | undefined;
  for (const place of places) {
    const found = faultAt(place, view, depth);
    if (found === undefined || found.kind === "script" || found.kind === "loader") return found;
    if (found.kind !== "absent" && fault === undefined) fault = found;
  }
  return fault ?? { kind: "absent", ...(command.includes("/") && { path: places[0] as string }) };
}

function faultAt(path: string, view: ProgramView, depth: number): ProgramFault | undefined {
  const { programs, isCovered } = view;
  const get = (at: string): TreeNode | undefined => nodeOf(programs[at]);
  const followed = followPath(path, get);
  if ("missing" in followed) {
    const missing = `/${followed.missing}`;
    if (isCovered(missing)) return undefined;
    const folder = followPath(posix.dirname(path), get);
    const canonical = posix.join("path" in folder ? folder.path : folder.missing, posix.basename(path));
    return programs[canonical]?.kind === "link" ? { kind: "dangling", path, missing } : { kind: "absent", path };
  }
  const program = programs[followed.path];
  if (program?.kind === "forbidden") return { kind: "forbidden", path };
  if (program?.kind === "binary" && program.loader !== undefined) {
    return faultAt(program.loader, view, depth) && { kind: "loader", path, missing: program.loader };
  }
  return program?.kind === "script" ? scriptFault(path, program.line, view, depth) : undefined;
}

/** The line after `#!` has an interpreter's path and at most one argument (execve(2)); `env` seeks a program in PATH. */
function scriptFault(path: string, line: string, view: ProgramView, depth: number): ProgramFault | undefined {
  if (depth >= MOST_SCRIPTS) return undefined;
  const [interpreter = "", ...words] = line.split(/\s+/);
  const fault = findFault(interpreter, { ...view, cwd: "/" }, depth + 1);
  if (fault) return { kind: "script", path, missing: "missing" in fault ? fault.missing : posix.resolve("/", interpreter) };
  if (posix.basename(interpreter) !== "env") return undefined;
  const name = words.find((word) => !word.startsWith("-") && !word.includes("="));
  if (name === undefined || !findFault(name, view, depth + 1)) return undefined;
  return { kind: "script", path, missing: `/usr/bin/${name}`, name };
}

function nodeOf(program: Program | undefined): TreeNode | undefined {
  if (program === undefined) return undefined;
  return program.kind === "link" ? { type: "symlink", link: program.target } : { type: "file" };
}
