import { type Entry, NO_BODY, directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import type { Random } from "./random.ts";

const NAMES = ["a", "b", "c", "dir", "é", "x y", "\udcff\udc80z", "n".repeat(200)];
const MODES = [0o644, 0o755, 0o600, 0o4755, 0o2755, 0o1777, 0o0];
const LINKS = ["a", "./a", "../b", "/dir", "/a/b", "nowhere/x", "dir/", "/é", "/", "../../..", "dir/.."];
const DETOURS = ["..", "../..", "a/..", "dir/../c/.."];

/**
 * A stack of layers with everything that a layer can hold: entries over entries of other types, whiteouts before and
 * after what they hide, hard links into lower layers, parents that no layer names, links along a path, names with `..`. Most stacks are valid;
 * every unpacker must refuse the others.
 */
export function randomLayers(random: Random): Entry[][] {
  const world: World = { directories: new Set([""]), files: new Set(), random };
  return Array.from({ length: 1 + random.below(4) }, () =>
    Array.from({ length: random.below(14) }, () => randomEntry(world))
      .filter((entry) => entry !== undefined)
      .map((entry) => (random.chance(0.05) ? withDetours(entry, random) : entry)),
  );
}

/** The same entry by a longer name, which leads to it lexically. */
function withDetours(entry: Entry, random: Random): Entry {
  const path = `${random.pick(DETOURS)}/${entry.path}`;
  return entry.type === "hardlink" ? { ...entry, path, link: `${random.pick(DETOURS)}/${entry.link}` } : { ...entry, path };
}

// roughly what exists so far: enough to generate useful paths
interface World {
  readonly directories: Set<string>;
  readonly files: Set<string>;
  readonly random: Random;
}

function randomEntry(world: World): Entry | undefined {
  const { directories, files, random } = world;
  const parent = random.chance(0.03) ? `${random.pick(NAMES)}/${random.pick(NAMES)}` : random.pick([...directories]);
  if (parent.split("/").length > 3) return undefined;
  const below = (name: string) => (parent === "" ? name : `${parent}/${name}`);
  const path = below(random.pick(NAMES));
  const owner = { uid: random.pick([0, 1, 1000, 65534, 3_000_000]), gid: random.pick([0, 5, 1000]), mtime: 1_000_000 + random.below(1e9) };
  const mode = random.pick(MODES);
  const xattrs = random.chance(0.15) ? { xattrs: new Map([["user.test", random.bytes(1 + random.below(20))]]) } : {};
  const bare = { path, mode, ...owner, size: 0, body: NO_BODY };
  const forget = (gone: string) => {
    for (const set of [directories, files]) for (const known of set) if (known === gone || known.startsWith(`${gone}/`)) set.delete(known);
  };
  const kind = random.below(100);
  if (kind < 30) {
    forget(path);
    files.add(path);
    return { ...fileEntry(path, random.bytes(random.pick([0, 1, 511, 512, 513, 3000])), mode, owner), ...xattrs };
  }
  if (kind < 58) {
    files.delete(path);
    directories.add(path);
    return { ...directoryEntry(path, mode, owner), ...xattrs };
  }
  if (kind < 68) {
    const target = random.chance(0.03) ? random.pick(NAMES) : random.pick([...files]);
    if (target === undefined || target === path || path.startsWith(`${target}/`) || target.startsWith(`${path}/`)) return undefined;
    forget(path);
    files.add(path);
    return { ...bare, type: "hardlink", link: target };
  }
  if (kind < 76) {
    forget(path);
    // sometimes the generator treats it as a directory, so that later paths pass through it
    if (random.chance(0.3)) directories.add(path);
    return { ...bare, type: "symlink", link: random.pick(LINKS) };
  }
  if (kind < 80) {
    forget(path);
    files.add(path);
    return random.chance(0.5)
      ? { ...bare, type: "fifo" }
      : { ...bare, type: random.pick(["character", "block"]), major: 1 + random.below(9), minor: random.below(300) };
  }
  if (kind < 92) {
    const gone = random.chance(0.8) ? random.pick([...files, ...directories]) : path;
    if (gone === "") return undefined;
    const slash = gone.lastIndexOf("/") + 1;
    forget(gone);
    return fileEntry(`${gone.slice(0, slash)}.wh.${gone.slice(slash)}`, "", 0o644, owner);
  }
  if (kind < 97) {
    for (const known of [...directories, ...files]) if (known.startsWith(`${parent}/`)) forget(known);
    return fileEntry(below(".wh..wh..opq"), "", 0o644, owner);
  }
  return { ...directoryEntry("", 0o755, owner) };
}
