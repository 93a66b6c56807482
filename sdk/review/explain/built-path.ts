import { formatPath } from "../../core/property-path.ts";
import type { Definition } from "../../definition/definition.ts";
import { sourceKey } from "../../resolve/image-source.ts";
import type { Lock } from "../../resolve/lock.ts";
import { openInitrd, packageOwners, placeOf } from "../held/initrd.ts";
import type { Answer } from "./answer.ts";
import { partSources } from "./sources.ts";

/**
 * What a build has at a path, in each of its parts: kind, mode, owner, size, and the package that it comes from.
 *
 * @param initrd the path of the initrd's file
 * @throws as `readInitrd`
 */
export async function explainBuiltPath(initrd: string, path: string, { definition, lock, cacheDir }: Built): Promise<Answer[]> {
  const wanted = path.slice(1);
  const found = new Map<string, Answer>();
  for await (const { path: name, type, mode, uid, gid, size, link } of openInitrd(initrd)) {
    const placed = placeOf(name);
    if (placed.path !== wanted) continue;
    const what = type === "symlink" ? `a link to ${link}` : type === "file" ? `a file of ${size} bytes` : `a ${type}`;
    const part = formatPath(placed.part);
    found.set(part, {
      part,
      message: `${what}, mode ${mode.toString(8).padStart(4, "0")}, owner ${uid}:${gid}`,
    });
  }
  const sources = partSources(definition);
  return Promise.all(
    [...found.values()].map(async (answer) => {
      const keys = sources.flatMap(({ part, source }) => (part === answer.part ? [sourceKey(source)] : []));
      const packages = keys.flatMap((key) => lock.debian[key]?.packages ?? []);
      const name = (await packageOwners({ debian: { own: { packages } } }, cacheDir)).get(wanted);
      return name === undefined ? answer : { ...answer, package: { name, version: packages.find((deb) => deb.name === name)?.version } };
    }),
  );
}

/** A build, and what it was made from. */
interface Built {
  readonly definition: Definition;
  readonly lock: Lock;
  readonly cacheDir: string;
}
