import { cpeOf } from "./cpe.ts";
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
    const [, source = name, sourceVersion = version] = /^(\S+)(?:\s+\(([^)]*)\))?/.exec(field("Source") ?? "") ?? [];
    return [
      debianPackage({
        name,
        version,
        architecture: field("Architecture") ?? "",
        distribution,
        source: { name: source, version: sourceVersion },
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
  readonly expression?: string | undefined;
  /** The package that it was built from. @default unknown */
  readonly source?: { readonly name: string; readonly version: string } | undefined;
}): SoftwarePackage {
  const { architecture, distribution, source, ...named } = given;
  const { name, version } = given;
  const distro = distroOf(distribution);
  const own = { arch: architecture, distro };
  if (source === undefined) return { ...named, purl: packageUrl("deb", distribution.id, name, version, own) };
  const cpe = cpeOf(source.name, source.version);
  // scanners take the source package from this qualifier, as Syft writes it: a name, and a version if it is another
  const upstream = source.version !== version ? `${source.name}@${source.version}` : source.name !== name ? source.name : "";
  return {
    ...named,
    source: { ...source, purl: packageUrl("deb", distribution.id, source.name, source.version, { arch: "source", distro }) },
    ...(cpe !== undefined && { cpe }),
    purl: packageUrl("deb", distribution.id, name, version, { ...own, upstream }),
  };
}

function distroOf({ id, version }: Distribution): string {
  return version === "" ? id : `${id}-${version}`;
}
