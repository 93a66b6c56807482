import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { LinuxKitError } from "../core/errors.ts";

const run = promisify(execFile);

/** A file of a git revision, as `main:os.ts` names it: the path is relative to the working directory. */
export interface GitFile {
  readonly revision: string;
  readonly file: string;
}

/** Reads `REVISION:FILE`; undefined for the name of a file that is there, and for anything else. */
export function gitFile(text: string): GitFile | undefined {
  const [, revision, file] = /^([^:]+):(.+)$/s.exec(text) ?? [];
  // git would read a leading dash as an option
  return revision === undefined || file === undefined || revision.startsWith("-") || existsSync(text) ? undefined : { revision, file };
}

/**
 * Puts the files of a revision into a folder while `use` runs, for a program loads files beside it. The packages are those of
 * the working directory, and `use` gets that folder's place in the revision.
 *
 * @throws NOT_FOUND if there is no such revision or file; TOOL_MISSING without git
 */
export async function withRevision<T>(
  { revision, file }: GitFile,
  use: (file: string, workingDirectory: string) => Promise<T>,
): Promise<T> {
  const top = await realpath((await git(["rev-parse", "--show-toplevel"], revision)).trim());
  const here = await realpath(".");
  const path = relative(top, resolve(here, file));
  const commit = (await git(["rev-parse", "--verify", "--quiet", `${revision}^{commit}`], revision)).trim();
  await git(["cat-file", "-e", `${commit}:${path.split(sep).join("/")}`], `${revision}:${file}`);
  const folder = await mkdtemp(join(tmpdir(), "linuxkit-diff-"));
  try {
    const archive = join(folder, "revision.tar");
    const tree = join(folder, "tree");
    await mkdir(tree);
    await git(["-C", top, "archive", "--format=tar", `--output=${archive}`, commit], revision);
    await tool("tar", ["-xf", archive, "-C", tree], revision);
    await linkPackages(top, dirname(path), tree);
    return await use(join(tree, path), join(tree, relative(top, here)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gives each folder on the way to the file the packages that the same folder of the working tree has. */
async function linkPackages(top: string, folder: string, tree: string): Promise<void> {
  for (let here = folder; ; here = dirname(here)) {
    const packages = join(top, here, "node_modules");
    const place = join(tree, here, "node_modules");
    if (existsSync(packages) && !existsSync(place)) await symlink(packages, place, "junction");
    if (here === "." || here === "") break;
  }
  for (let above = dirname(top); !existsSync(join(tree, "node_modules")); above = dirname(above)) {
    if (existsSync(join(above, "node_modules"))) await symlink(join(above, "node_modules"), join(tree, "node_modules"), "junction");
    if (above === dirname(above)) break;
  }
}

const git = (args: readonly string[], what: string): Promise<string> => tool("git", args, what);

async function tool(name: string, args: readonly string[], what: string): Promise<string> {
  try {
    return (await run(name, [...args], { maxBuffer: 1 << 24 })).stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT")
      throw new LinuxKitError("TOOL_MISSING", `${name} not found: install it to compare with a git revision`, { tool: name });
    const why = stderr?.trim().split("\n")[0] || "no such revision or file";
    throw new LinuxKitError("NOT_FOUND", `${what}: git has nothing of this name here: ${why}`, { what }, { cause: error });
  }
}
