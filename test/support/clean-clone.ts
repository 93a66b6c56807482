import { execFileSync } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Copies what a commit of the working tree would hold into an empty folder: the files that Git tracks and new ones that it
 * does not ignore, without node_modules and dist.
 */
export async function makeCleanClone(root: string, folder: string): Promise<void> {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"], { cwd: root });
  const deleted = execFileSync("git", ["ls-files", "-z", "--deleted"], { cwd: root });
  const gone = new Set(deleted.toString().split("\0"));
  for (const name of listed.toString().split("\0")) {
    if (!name || gone.has(name)) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await copyFile(join(root, name), join(folder, name));
  }
}
