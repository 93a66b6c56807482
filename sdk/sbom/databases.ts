import { type Distribution, packageUrl, type SoftwarePackage } from "./package.ts";

/** Parses Alpine's database of installed packages: one-letter fields, a blank line after each package (apk-installed(5)). */
export function parseApk(text: string, distribution: Distribution): SoftwarePackage[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const field = (letter: string): string | undefined => new RegExp(`^${letter}:(.*)$`, "m").exec(block)?.[1];
    const [name, version] = [field("P"), field("V")];
    if (!name || !version) return [];
    const purl = packageUrl("apk", distribution.id, name, version, { arch: field("A") ?? "", distro: distroOf(distribution) });
    return [{ name, version, purl, license: field("L"), supplier: field("m"), homepage: field("U") }];
  });
}

/** Parses dpkg's database (`var/lib/dpkg/status`), or a file of a distroless image's `status.d`. Returns installed packages only. */
export function parseDpkg(text: string, distribution: Distribution): SoftwarePackage[] {
  return text.split(/\n{2,}/).flatMap((block) => {
    const field = (name: string): string | undefined => new RegExp(`^${name}: *(.*)$`, "mi").exec(block)?.[1];
    const [name, version, status = "installed"] = [field("Package"), field("Version"), field("Status")];
    if (!name || !version || !/\binstalled$/.test(status)) return [];
    return [
      debianPackage({
        name,
        version,
        architecture: field("Architecture") ?? "",
        distribution,
        supplier: field("Maintainer"),
        homepage: field("Homepage"),
      }),
    ];
  });
}

/** A package of Debian or of a distribution that is derived from it. */
export function debianPackage(given: {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly distribution: Distribution;
  readonly supplier?: string | undefined;
  readonly homepage?: string | undefined;
  readonly sha256?: string | undefined;
}): SoftwarePackage {
  const { architecture, distribution, ...named } = given;
  return {
    ...named,
    purl: packageUrl("deb", distribution.id, given.name, given.version, { arch: architecture, distro: distroOf(distribution) }),
  };
}

function distroOf({ id, version }: Distribution): string {
  return version === "" ? id : `${id}-${version}`;
}
