import { parseApk, parseDpkg } from "./databases.ts";
import { parseOsRelease, type SoftwarePackage } from "./package.ts";

/** The package databases of distributions, and the file that names the distribution (apk(8), dpkg(1), os-release(5)). */
const APK = /^(usr\/)?lib\/apk\/db\/installed$/;
const DPKG = /^var\/lib\/dpkg\/(status|status\.d\/[^/]+)$/;
const OS_RELEASE = /^(etc|usr\/lib)\/os-release$/;

/** Most bytes of one database: more than one of every package of a distribution has. */
export const DATABASE_LIMIT = 256 << 20;

/** Collects the databases of one tree, which say what software is in it. */
export interface TreeDatabases {
  /** Whether a file of this path, relative to the tree's root, is one of them. */
  wants(path: string): boolean;
  add(path: string, text: string): void;
  packages(): SoftwarePackage[];
}

export function treeDatabases(): TreeDatabases {
  const apk: string[] = [];
  const dpkg: string[] = [];
  let release = "";
  return {
    wants: (path) => [APK, DPKG, OS_RELEASE].some((pattern) => pattern.test(path)),
    add(path, text) {
      if (APK.test(path)) apk.push(text);
      else if (DPKG.test(path)) dpkg.push(text);
      else release ||= text;
    },
    packages: () => [
      ...apk.flatMap((text) => parseApk(text, parseOsRelease(release, "alpine"))),
      ...dpkg.flatMap((text) => parseDpkg(text, parseOsRelease(release, "debian"))),
    ],
  };
}
