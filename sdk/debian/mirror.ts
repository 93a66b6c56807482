import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import { parseParagraph, splitParagraphs } from "./control.ts";

/** Where packages come from: base URLs that `dists/` and `pool/` are under, without a trailing `/`. */
export interface Mirrors {
  /** Holds `bookworm` and `bookworm-updates`. */
  readonly debian: string;
  /** Holds `bookworm-security`. */
  readonly security: string;
  /** Holds the files that the others have dropped, under the same `pool/` paths. */
  readonly snapshot?: string;
}

export interface MirrorOptions {
  /** Debian's mirror, `http(s)://HOST/debian`. Without it, the host's own apt sources are read. */
  readonly mirror?: string | undefined;
  /** The security archive; by default `mirror` with `/debian` replaced by `/debian-security`. */
  readonly securityMirror?: string | undefined;
  readonly snapshotMirror?: string | undefined;
  /** The folder with apt's `sources.list` and `sources.list.d`. @default "/etc/apt" */
  readonly aptDirectory?: string | undefined;
}

/**
 * Chooses the mirrors: what the caller names, else what this host's apt uses. Sources of other Debian suites serve as
 * well, since a mirror holds all suites.
 *
 * @throws NO_MIRROR when there is none, saying what to set; INVALID_DEFINITION for a mirror that is no http(s) URL
 */
export async function chooseMirrors(options: MirrorOptions = {}): Promise<Mirrors> {
  const snapshot = options.snapshotMirror === undefined ? {} : { snapshot: baseUrl(options.snapshotMirror, "snapshotMirror") };
  const named = options.mirror === undefined ? undefined : baseUrl(options.mirror, "mirror");
  const security = options.securityMirror === undefined ? undefined : baseUrl(options.securityMirror, "securityMirror");
  if (named !== undefined && security !== undefined) return { debian: named, security, ...snapshot };
  if (named !== undefined) {
    if (!named.endsWith("/debian")) {
      throw new LinuxKitError(
        "NO_MIRROR",
        `mirror ${named} does not end in /debian, so its security archive cannot be guessed: set securityMirror (config debianSecurityMirror)`,
        { sought: ["securityMirror"] },
      );
    }
    return { debian: named, security: `${named}-security`, ...snapshot };
  }
  const directory = options.aptDirectory ?? "/etc/apt";
  const sources = await readAptSources(directory);
  const debian = pick(sources, (suite) => /^bookworm(-updates)?$/.test(suite), "/debian");
  const hostSecurity =
    security ??
    pick(sources, (suite) => suite === "bookworm-security", "/debian-security") ??
    (debian?.endsWith("/debian") ? `${debian}-security` : undefined);
  if (debian === undefined || hostSecurity === undefined) {
    const sought = ["mirror", "debianMirror", join(directory, "sources.list"), join(directory, "sources.list.d")];
    throw new LinuxKitError(
      "NO_MIRROR",
      `no Debian mirror is known: set \`mirror\` in code or the configuration value \`debianMirror\` (pulumi config set linuxkit:debianMirror http://HOST/debian); this host's apt sources in ${directory} name none`,
      { sought },
    );
  }
  return { debian, security: hostSecurity, ...snapshot };
}

/** One source of apt: a base URL and the suites read from it. */
export interface AptSource {
  readonly url: string;
  readonly suites: readonly string[];
}

/** Reads apt's sources, both styles (sources.list(5)); entries that are disabled, no `deb` or no http(s) are left out. */
export async function readAptSources(directory: string): Promise<AptSource[]> {
  const parts = join(directory, "sources.list.d");
  const names = (await readdir(parts).catch(() => [] as string[])).sort();
  const files = [join(directory, "sources.list"), ...names.map((name) => join(parts, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const parse = file.endsWith(".list") ? parseOneLineStyle : file.endsWith(".sources") ? parseDeb822Style : undefined;
    const text = parse && (await readFile(file, "utf8").catch(() => undefined));
    if (parse && text !== undefined) sources.push(...parse(text));
  }
  return sources.filter(({ url }) => /^https?:\/\//.test(url));
}

function parseOneLineStyle(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line);
    return match ? [{ url: trimSlash(match[1] as string), suites: [match[2] as string] }] : [];
  });
}

function parseDeb822Style(text: string): AptSource[] {
  return splitParagraphs(text).flatMap((paragraph) => {
    const fields = parseParagraph(paragraph);
    const words = (name: string): string[] => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    if (!words("types").includes("deb") || fields.get("enabled") === "no") return [];
    return words("uris").map((url) => ({ url: trimSlash(url), suites: words("suites") }));
  });
}

// the suite itself first; else any source whose path ends as Debian's mirrors' do
function pick(sources: readonly AptSource[], isSuite: (suite: string) => boolean, ending: string): string | undefined {
  return (sources.find(({ suites }) => suites.some(isSuite)) ?? sources.find(({ url }) => url.endsWith(ending)))?.url;
}

function baseUrl(text: string, option: string): string {
  if (!/^https?:\/\/[^/\s]+(\/\S*)?$/.test(text)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${option}: got ${JSON.stringify(text)}, wanted an http or https URL such as http://HOST/debian`,
      { path: option },
    );
  }
  return trimSlash(text);
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
