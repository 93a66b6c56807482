import { directoryEntry, type Entry, fileEntry, NO_BODY, symlinkEntry } from "../../sdk/archive/entry.ts";
import { noise } from "./disks.ts";

const header = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, body: NO_BODY };

/** A tree with content that a filesystem writer can get wrong. Its longest name has 255 bytes by default. */
export function trickyTree(longestName = 255): Entry[] {
  return [
    directoryEntry("etc", 0o750, { uid: 7, gid: 8, mtime: 1_700_000_000 }),
    fileEntry("etc/passwd", "root:x:0:0\n", 0o640, { uid: 1000, gid: 100, mtime: 1_600_000_000 }),
    fileEntry("etc/empty", ""),
    fileEntry("bin/setuid", noise(4096), 0o4755),
    fileEntry("bin/exact", noise(2048)),
    fileEntry("bin/large", noise(1_234_567)),
    { ...header, path: "bin/linked", type: "hardlink", link: "bin/large" },
    symlinkEntry("sbin", "bin"),
    symlinkEntry("up", "../../etc/./passwd"),
    symlinkEntry("absolute", "/etc/passwd"),
    symlinkEntry("long", `/${"component/".repeat(40)}${"x".repeat(250)}`),
    ...[246, 247, 248, 249].map((length) => symlinkEntry(`to the root ${length}`, `/${"r".repeat(length)}/end`)),
    { ...header, path: "dev/console", type: "character", mode: 0o600, major: 5, minor: 1 },
    { ...header, path: "dev/sda", type: "block", mode: 0o660, gid: 6, major: 8, minor: 0 },
    { ...header, path: "dev/pipe", type: "fifo" },
    fileEntry("Ünïcode – ☃ 🚀", "snow"),
    fileEntry(`names/${"n".repeat(longestName)}`, "long"),
    fileEntry("names/a b\\c\"d'e", "odd"),
    fileEntry("names/lower.Case.tar.gz", "1"),
    fileEntry("names/LOWER.case.tar.gz", "2"),
    fileEntry("a/b/c/d/e/f/g/h/i/j/k", "deep"),
    directoryEntry("empty directory"),
    ...Array.from({ length: 300 }, (_, index) => fileEntry(`many/file number ${index}`, `${index}`)),
  ];
}
