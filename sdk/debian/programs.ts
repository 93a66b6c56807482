import type { Arch } from "../core/arch.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { type PackagedPath, scriptLine } from "./contents.ts";
import { DECLARED } from "./declared.ts";
import { madeLinks } from "./made-links.ts";
import { MERGED_FOLDERS, MOVED_FOLDERS, mergedPath } from "./merged-usr.ts";
import { type OpenedDeb, selectPaths } from "./selection.ts";

/** What stands at a path, as far as it matters to a program that is to run. */
export type Program =
  | { readonly kind: "link"; readonly target: string }
  /** A program of machine code, and its loader unless it is static. */
  | { readonly kind: "binary"; readonly loader?: string }
  /** A script, and its first line without `#!`. */
  | { readonly kind: "script"; readonly line: string }
  /** A file that may be run, of a kind that is not known here. */
  | { readonly kind: "other" }
  /** A script or program that may not be run. */
  | { readonly kind: "forbidden" };

/** The links, programs and scripts of an image, by path relative to its root. */
export type Programs = Readonly<Record<string, Program>>;

/** What the files of an image that are known by their sha256 are, by that. */
export type StoredPrograms = ReadonlyMap<string, Pick<PackagedPath, "elf" | "script">>;

/**
 * The programs of an image made from packages: what `unpackDebian` unpacks, without unpacking it.
 *
 * @param stored what the files are whose content is in the cache
 * @throws CORRUPT if two packages install the same path
 */
export function programsOf(debian: DebianImage["debian"], packages: readonly OpenedDeb[], arch: Arch, stored: StoredPrograms): Programs {
  const found = new Map<string, Program>();
  const link = (path: string, target: string): void => void found.set(path, { kind: "link", target });
  for (const folder of MERGED_FOLDERS) link(folder, `usr/${folder}`);
  for (const { path, symlink } of MOVED_FOLDERS) link(path, symlink);
  const selected = selectPaths(packages, debian, arch);
  for (const { deb, contents } of packages) {
    const own = selected.get(deb.name) as ReadonlySet<string>;
    for (const { path, type, link: target, elf, script, executable } of contents.paths) {
      if (!own.has(path)) continue;
      if (type === "symlink" && target !== undefined) link(path, target);
      else if (type === "hardlink" && target !== undefined) link(path, `/${target}`);
      else if (type !== "file") continue;
      else if (executable) found.set(path, executableFile({ elf, script }));
      else if (elf?.interpreter !== undefined || script !== undefined) found.set(path, { kind: "forbidden" });
    }
  }
  const paths = new Set([...selected.values()].flatMap((own) => [...own]));
  for (const { type, path, link: target } of madeLinks(packages, paths, arch)) if (type === "symlink") link(path, target as string);
  for (const { deb } of packages) {
    for (const made of DECLARED[deb.name]?.makes ?? []) if ("symlink" in made) link(made.path, made.symlink);
  }
  for (const file of debian.files) {
    const path = mergedPath(
      file.path
        .split("/")
        .filter((part) => part !== "" && part !== ".")
        .join("/"),
    );
    if (file.symlink !== undefined) link(path, file.symlink);
    else if (file.directory) found.delete(path);
    else found.set(path, ownFile(file, stored));
  }
  if (debian.program !== undefined) found.set(`usr/bin/${debian.program}`, { kind: "binary" });
  return Object.fromEntries(found);
}

function ownFile({ contents, sha256, mode = "0644" }: DebianImage["debian"]["files"][number], stored: StoredPrograms): Program {
  if ((Number.parseInt(mode, 8) & 0o111) === 0) return { kind: "forbidden" };
  if (sha256 !== undefined) return executableFile(stored.get(sha256) ?? {});
  const script = contents === undefined ? undefined : scriptLine(Buffer.from(contents.slice(0, 256)));
  return executableFile({ script });
}

function executableFile({ elf, script }: { readonly [K in "elf" | "script"]?: PackagedPath[K] | undefined }): Program {
  if (script !== undefined) return { kind: "script", line: script };
  if (elf) return { kind: "binary", ...(elf.interpreter !== undefined && { loader: elf.interpreter }) };
  return { kind: "other" };
}
