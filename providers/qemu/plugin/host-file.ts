import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

/** The kernel's own limit (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Refuses a path that a stranger of this computer can lead elsewhere: QEMU opens the file with the rights of who runs Pulumi. In a
 * folder that everyone may write to, such as `/tmp`, everything on the way is this user's or root's, and the folder has the sticky
 * bit: the kernel's own rule for symlinks (sysctl/fs, protected_symlinks). Elsewhere the folder's owner decides.
 *
 * @param what the input, for messages
 * @param ownId this user; undefined on a system without such numbers, where nothing is checked
 * @throws INVALID_DEFINITION, and nothing for a file that is missing
 */
export async function checkHostFile(what: string, path: string, ownId: number | undefined = process.getuid?.()): Promise<void> {
  if (ownId === undefined) return;
  const trusted = ({ uid }: Stats): boolean => uid === 0 || uid === ownId;
  let rest = resolve(path);
  for (let links = 0; links <= MOST_LINKS; ) {
    const { root } = parse(rest);
    const parts = rest.slice(root.length).split(sep).filter(Boolean);
    let folder = root;
    let next: string | undefined;
    for (const [index, part] of parts.entries()) {
      const at = join(folder, part);
      const [holder, entry] = await Promise.all([lstat(folder), lstat(at)].map((stats) => stats.catch(() => undefined)));
      if (!holder || !entry) return;
      if (isOpen(holder) && holder.uid !== ownId && !(isSticky(holder) && trusted(entry))) throw stranger(what, path, folder, at);
      if (entry.isSymbolicLink()) {
        links++;
        next = join(resolve(folder, await readlink(at)), ...parts.slice(index + 1));
        break;
      }
      folder = at;
    }
    if (next === undefined) return;
    rest = next;
  }
}

/** Whether everyone may add and rename entries. */
function isOpen({ mode }: Stats): boolean {
  return (mode & 0o002) !== 0;
}

function isSticky({ mode }: Stats): boolean {
  return (mode & 0o1000) !== 0;
}

function stranger(what: string, path: string, folder: string, at: string): LinuxKitError {
  const where = dirname(path) === folder ? path : `${path}, by ${at}`;
  return new LinuxKitError(
    "INVALID_DEFINITION",
    `${what}: got ${where}: every user of this computer can put another file there; wanted one in a folder that only you or root can write to`,
    { path: what },
  );
}
