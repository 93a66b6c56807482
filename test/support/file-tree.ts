import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Random } from "./random.ts";

/** What is at a path of a folder, by `lstat` and the file's bytes. */
export interface SeenPath {
  readonly kind: string;
  /** Absent for a symbolic link, which has none of its own. */
  readonly mode?: string;
  readonly owner: string;
  readonly contents?: string;
}

/** Everything in a folder by path, as the kernel says it. */
export function seenTree(root: string): ReadonlyMap<string, SeenPath> {
  const found = new Map<string, SeenPath>();
  const look = (path: string): void => {
    const whole = root + path;
    const stats = lstatSync(whole);
    const owner = `${stats.uid}:${stats.gid}`;
    if (stats.isSymbolicLink()) found.set(path, { kind: `link to ${readlinkSync(whole)}`, owner });
    else {
      const bytes = stats.isFile() ? readFileSync(whole) : undefined;
      const contents = bytes && `${bytes.length} bytes, sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
      found.set(path || "/", { kind: bytes ? "file" : "directory", mode, owner, ...(contents !== undefined && { contents }) });
      if (!bytes) for (const name of readdirSync(whole)) look(`${path}/${name}`);
    }
  };
  look("");
  return found;
}

const NAMES = ["a", "b", "c", "etc", "x y", "é", "line\nbreak", "<b>", "[x](y)", "\u001b[2K", "`", "files", "contents", "mode"];
const MODES = [0o644, 0o600, 0o755, 0o4755, 0o2711, 0o666, 0o1777, 0o000];
const WORDS = ["one", "two", "three", "four", "five"];

/** Changes a folder at a few random places, in every way that a file can change. */
export function mutateTree(root: string, random: Random): void {
  for (let count = 1 + random.below(12); count > 0; count--) {
    const paths = [...seenTree(root)];
    const folders = paths.filter(([, { kind }]) => kind === "directory").map(([path]) => (path === "/" ? "" : path));
    const [path, seen] = random.pick(paths);
    const parent = random.pick(folders);
    if (parent.split("/").length > 5) continue;
    const target = `${parent}/${random.pick(NAMES)}`;
    const isFree = !paths.some(([known]) => known === target);
    const whole = join(root, target);
    const at = root + path;
    const kind = random.below(10);
    if (kind < 4 && isFree) writeFileSync(whole, random.chance(0.3) ? random.bytes(random.below(2000)) : textOf(random));
    else if (kind < 6 && isFree) mkdirSync(whole);
    else if (kind === 6 && isFree) symlinkSync(random.pick(["a", "../b", "/etc/x", "nowhere"]), whole);
    else if (kind === 7 && isFree && seen.kind === "file") linkSync(at, whole);
    else if (path === "/" || seen.kind.startsWith("link")) continue;
    else if (kind === 8) rmSync(at, { recursive: true });
    else if (random.chance(0.4)) chownSync(at, random.pick([0, 1000, 65534]), random.pick([0, 5]));
    else if (seen.kind === "file" && random.chance(0.5)) writeFileSync(at, textOf(random));
    else chmodSync(at, random.pick(MODES));
  }
}

function textOf(random: Random): string {
  return Array.from({ length: random.below(20) }, () => `${random.pick(WORDS)}\n`).join("");
}
