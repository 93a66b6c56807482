import { directoryEntry, type Entry, fileEntry, NO_BODY } from "../archive/entry.ts";
import { HOSTS } from "../plan/hosts.ts";
import type { TreePlace } from "../plan/plan.ts";

/** Paths that the OS provides itself; an image may hold copies from the computer that built it. */
const LEFT_OUT = new Set([".dockerenv", "Dockerfile", "dev/console", "dev/pts", "dev/shm", "etc/hostname"]);

const MUST_EXIST = ["dev", "dev/pts", "dev/shm", "etc", "proc", "sys"];

const NO_RESOLVER = "\n# no resolv.conf configured\n";
const RESOLVER_LINK = "/run/resolvconf/resolv.conf";

/**
 * An image's tree as LinuxKit's builder lays it out. Leaves out paths that the OS provides, and replaces `etc/hosts` and
 * `etc/resolv.conf`. The mount points that every container needs come last: owned by root, mode 0755, whatever the image
 * has. Paths stay relative to the image's root.
 */
export async function* imageTree(entries: AsyncIterable<Entry> | Iterable<Entry>, place: TreePlace): AsyncGenerator<Entry> {
  let hasMtab = false;
  for await (const entry of entries) {
    if (LEFT_OUT.has(entry.path) || entry.path === "etc/hosts" || entry.path === "etc/resolv.conf") continue;
    if (MUST_EXIST.includes(entry.path) && entry.type === "directory") continue;
    if (entry.path === "etc/mtab") hasMtab = true;
    yield entry;
  }
  for (const path of MUST_EXIST) yield directoryEntry(path);
  yield fileEntry("etc/hosts", HOSTS);
  yield place === "container" ? fileEntry("etc/resolv.conf", NO_RESOLVER) : link("etc/resolv.conf", RESOLVER_LINK, 0o644);
  if (!hasMtab) yield link("etc/mtab", "/proc/mounts", 0o755);
}

// LinuxKit sets these modes on the two links; Linux ignores modes of symlinks
function link(path: string, target: string, mode: number): Entry {
  return { path, type: "symlink", mode, uid: 0, gid: 0, size: 0, mtime: 0, link: target, body: NO_BODY };
}
