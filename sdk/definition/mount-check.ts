import { isDeferred } from "../core/deferred.ts";
import type { Step } from "../core/property-path.ts";
import { shown } from "../core/shown.ts";
import { didYouMean, nearest } from "../core/suggest.ts";
import type { Container } from "./container.ts";
import { itemsOf } from "./inputs.ts";
import { typeOf } from "./mount.ts";

type Refuse = (steps: readonly Step[], message: string) => void;

const negatable = ["suid", "dev", "exec", "mand", "atime", "diratime", "relatime", "strictatime"].flatMap((word) => [word, `no${word}`]);
const recursive = ["ro", "rw", "sync", "async", "dirsync", ...negatable].flatMap((word) => [word, `r${word}`]);
const propagation = ["shared", "slave", "private", "unbindable"].flatMap((word) => [word, `r${word}`]);

/** The options that crun takes for every mount (crun, `mount_flags.perf`). Any other is for the filesystem. */
const WORDS: ReadonlySet<string> = new Set([
  ...["defaults", "bind", "rbind", "remount", "tmpcopyup", "idmap", "copy-symlink", "src-nofollow", "dest-nofollow"],
  ...recursive,
  ...propagation,
]);

/** What a bind's option is called elsewhere. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  readonly: "ro",
  "read-only": "ro",
  readwrite: "rw",
  recursive: "rbind",
  z: "",
  Z: "",
};

const AMOUNT = /^(?:0x[\da-f]+|\d+)[kmgtpe]?$/i;

/** The options of a tmpfs, with the form of each value (Linux, Documentation/filesystems/tmpfs.rst). */
const TMPFS: Readonly<Record<string, { readonly form: RegExp; readonly wanted: string }>> = {
  size: { form: /^(?:0x[\da-f]+|\d+)(?:[kmgtpe]|%)?$/i, wanted: 'bytes, as "size=64m", or a part of the memory, as "size=50%"' },
  nr_blocks: { form: AMOUNT, wanted: 'a number, as "nr_blocks=4k"' },
  nr_inodes: { form: AMOUNT, wanted: 'a number, as "nr_inodes=10k"' },
  mode: { form: /^[0-7]+$/, wanted: 'octal digits, as "mode=1777"' },
  uid: { form: /^\d+$/, wanted: 'a number, as "uid=1000"' },
  gid: { form: /^\d+$/, wanted: 'a number, as "gid=1000"' },
  huge: { form: /^(?:never|always|within_size|advise)$/, wanted: 'one of "never", "always", "within_size", "advise"' },
  mpol: { form: /./, wanted: 'a policy, as "mpol=local"' },
};
const TMPFS_WORDS = ["noswap", "inode32", "inode64", "lazytime", "nolazytime"];

/**
 * Options of mounts that do not do what they say. The kernel refuses a tmpfs with an option that it does not know. It ignores
 * the option of a bind (mount(2), "Creating a bind mount"), so `readonly` in place of `ro` would leave the source open to writes.
 */
export function checkMountOptions({ tmpfs, binds, mounts, sandbox }: Container, refuse: Refuse): void {
  const check = (option: string, isTmpfs: boolean, at: readonly Step[]): void => {
    const fault = isTmpfs ? tmpfsFault(option) : sandbox === "linuxkit" ? undefined : bindFault(option);
    if (fault !== undefined) refuse(at, `got the option ${shown(option)}, ${fault}`);
  };
  for (const [index, text] of itemsOf(tmpfs)) for (const option of optionsOf(text, 1)) check(option, true, ["tmpfs", index]);
  for (const [index, text] of itemsOf(binds)) for (const option of optionsOf(text, 2)) check(option, false, ["binds", index]);
  for (const [index, mount] of itemsOf(mounts)) {
    if (isDeferred(mount) || isDeferred(mount.type) || isDeferred(mount.options)) continue;
    const type = mount.type ?? typeOf(mount);
    if (type !== "tmpfs" && type !== "bind") continue;
    for (const [place, option] of itemsOf(mount.options))
      if (typeof option === "string") check(option, type === "tmpfs", ["mounts", index, "options", place]);
  }
}

/** The options after so many colons of a text. */
function optionsOf(text: unknown, colons: number): string[] {
  return typeof text === "string" ? (text.split(":")[colons]?.split(",") ?? []) : [];
}

function bindFault(option: string): string | undefined {
  if (option === "" || WORDS.has(option)) return undefined;
  const named = OTHER_NAMES[option];
  if (named === "") return "which labels files for SELinux: leave it out";
  return `which is not one of a bind${named ? `: write ${shown(named)}` : didYouMean(option, WORDS)}`;
}

function tmpfsFault(option: string): string | undefined {
  const equals = option.indexOf("=");
  const name = equals < 0 ? option : option.slice(0, equals);
  const known = Object.hasOwn(TMPFS, name) ? TMPFS[name] : undefined;
  if (known) {
    if (equals >= 0 && known.form.test(option.slice(equals + 1))) return undefined;
    return `wanted ${known.wanted}`;
  }
  if (option === "" || WORDS.has(option) || TMPFS_WORDS.includes(option)) return undefined;
  const near = nearest(name, [...Object.keys(TMPFS), ...TMPFS_WORDS, ...WORDS]);
  return `which is not one of a tmpfs${near === undefined ? "" : `: did you mean ${shown(near)}?`}`;
}
