import { dirname } from "node:path/posix";
import { directoryEntry, type Entry, symlinkEntry } from "../archive/entry.ts";
import type { Arch } from "../core/arch.ts";
import { chosenAlternatives } from "./alternatives.ts";
import { isSearched } from "./library.ts";
import { mergedPath } from "./merged-usr.ts";
import type { OpenedDeb } from "./selection.ts";

/** GNU's names of the architectures, in the names of Debian's library folders (multiarch). */
const TRIPLETS: Readonly<Record<Arch, string>> = {
  amd64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
  s390x: "s390x-linux-gnu",
};

/**
 * The links that a package manager would make: the names of `update-alternatives`, and for a library in a folder of
 * `/etc/ld.so.conf.d` one in the loader's own folder, because an image has no cache of ldconfig(8). What a package has at the
 * path of a link stays.
 *
 * @param paths what the image has of its packages
 */
export function* madeLinks(packages: readonly OpenedDeb[], paths: ReadonlySet<string>, arch: Arch): Generator<Entry> {
  const alternatives = chosenAlternatives(
    packages.flatMap(({ contents }) => contents.alternatives),
    (path) => paths.has(path),
  ).filter(({ link }) => !paths.has(mergedPath(link.slice(1))));
  if (alternatives.length > 0) yield directoryEntry("etc/alternatives");
  for (const { link, name, path } of alternatives) {
    yield symlinkEntry(`etc/alternatives/${name}`, path);
    yield symlinkEntry(mergedPath(link.slice(1)), `/etc/alternatives/${name}`);
  }
  const folders = new Set(packages.flatMap(({ contents }) => contents.loaderFolders).filter((folder) => !isSearched(folder)));
  for (const { path, elf } of packages.flatMap(({ contents }) => contents.paths)) {
    const link = elf?.soname === undefined ? undefined : `usr/lib/${TRIPLETS[arch]}/${elf.soname}`;
    if (link !== undefined && folders.has(dirname(path)) && paths.has(path) && !paths.has(link)) yield symlinkEntry(link, `/${path}`);
  }
}
