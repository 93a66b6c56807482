import { posix } from "node:path";
import { type DebContents, knownContents } from "../../debian/contents.ts";
import type { LockedDeb } from "../../debian/locked.ts";
import type { Definition } from "../../definition/definition.ts";
import { sourceKey } from "../../resolve/image-source.ts";
import type { Lock } from "../../resolve/lock.ts";
import type { Answer } from "./answer.ts";
import { imageName, partSources } from "./sources.ts";

/** Which images have a package, and why: the definition names it, or a program of another one loads its libraries. */
export async function explainPackage(definition: Definition, name: string, lock: Lock | undefined, cacheDir: string): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { part, steps, source } of partSources(definition)) {
    if (typeof source === "string") continue;
    const { packages } = source.debian;
    const locked = lock?.debian[sourceKey(source)]?.packages ?? [];
    const deb = locked.find((one) => one.name === name);
    const index = packages.indexOf(name);
    if (index < 0 && !deb) continue;
    const reasons = deb && (await neededBy(deb, locked, cacheDir));
    answers.push({
      part,
      message: index < 0 ? `it comes with ${packages.join(", ") || `Debian's ${source.debian.role}`}` : "the definition names it",
      // the packages of an image that `debian` makes are no literals of the program
      steps: index < 0 ? steps : [...steps, "debian", "packages", index],
      image: imageName(source),
      package: { name, version: deb?.version },
      ...(reasons && reasons.length > 0 && { neededBy: reasons }),
    });
  }
  return answers;
}

/** The programs and libraries of the same image that load a library of a package: of packages that a build here has read. */
async function neededBy(deb: LockedDeb, all: readonly LockedDeb[], cacheDir: string): Promise<string[]> {
  const own = await knownContents(deb, cacheDir);
  if (!own) return [];
  const sonames = new Set(
    own.paths.flatMap(({ path, elf }) => [...(elf?.soname === undefined ? [] : [elf.soname]), ...(elf ? [posix.basename(path)] : [])]),
  );
  const reasons: string[] = [];
  for (const other of all) {
    if (other.sha256 === deb.sha256) continue;
    const contents = await knownContents(other, cacheDir);
    for (const { path, soname } of loads(contents, other.keep, sonames)) reasons.push(`${other.name}: /${path} loads ${soname}`);
  }
  return reasons;
}

function loads(
  contents: DebContents | undefined,
  keep: LockedDeb["keep"],
  sonames: ReadonlySet<string>,
): { readonly path: string; readonly soname: string }[] {
  return (contents?.paths ?? []).flatMap(({ path, elf, opens = [] }) => {
    // of some packages an image has single libraries
    if (typeof keep === "object" && ![elf?.soname, posix.basename(path)].some((name) => name !== undefined && keep.sonames.includes(name)))
      return [];
    const loader = elf?.interpreter === undefined ? [] : [posix.basename(elf.interpreter)];
    const soname = [...(elf?.needed ?? []), ...opens, ...loader].find((one) => sonames.has(one));
    return soname === undefined ? [] : [{ path, soname }];
  });
}
