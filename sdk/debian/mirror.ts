import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LinuxKitError } from "../core/errors.ts";
import { basic, shownUrl, splitLogin } from "../net/login.ts";
import { parseParagraph, splitParagraphs } from "./control.ts";

/** Base URLs of mirrors, with `dists/` and `pool/` below them; without a trailing `/`, and without the logins that they came with. */
export interface Mirrors {
  /** Has `bookworm` and `bookworm-updates`. */
  readonly debian: string;
  /** Has `bookworm-security`. */
  readonly security: string;
  /** Has files that the others have dropped, with the same `pool/` paths. */
  readonly snapshot?: string;
  /** The `Authorization` header of each base URL that came with a login. */
  readonly logins?: ReadonlyMap<string, string>;
}

export interface MirrorOptions {
  /** The Debian mirror, `http(s)://[USER:PASSWORD@]HOST/debian`. @default the host's apt sources */
  readonly mirror?: string | undefined;
  /** The security archive. @default `mirror` with `/debian` replaced by `/debian-security`, or the host's apt sources */
  readonly securityMirror?: string | undefined;
  /** A mirror of Debian's archive history. @default none */
  readonly snapshotMirror?: string | undefined;
  /** The folder with apt's `sources.list` and `sources.list.d`. @default "/etc/apt" */
  readonly aptDirectory?: string | undefined;
}

/**
 * Chooses the mirrors: those in the options, otherwise those of this host's apt. Sources of other Debian suites are used
 * too, because a mirror has all suites.
 *
 * @throws NO_MIRROR if no mirror is known; INVALID_DEFINITION for a mirror that is not an http(s) URL
 */
export async function chooseMirrors(options: MirrorOptions = {}): Promise<Mirrors> {
  return withoutLogins(await chosen(options));
}

/** The `Authorization` header for a file of a mirror. */
export function mirrorAuthorization({ logins = new Map() }: Mirrors): (url: URL) => string | undefined {
  return ({ href }) => [...logins].find(([base]) => href.startsWith(`${base}/`))?.[1];
}

function withoutLogins({ logins: _, ...bases }: Mirrors): Mirrors {
  const logins = new Map<string, string>();
  const plain = Object.entries(bases).map(([name, base]: [string, string]) => {
    const { url, login } = splitLogin(new URL(base));
    if (!login) return [name, base];
    const shown = trimSlash(url.href);
    logins.set(shown, basic(login));
    return [name, shown];
  });
  return { ...(Object.fromEntries(plain) as Mirrors), ...(logins.size > 0 && { logins }) };
}

async function chosen(options: MirrorOptions): Promise<Mirrors> {
  const snapshot = options.snapshotMirror === undefined ? {} : { snapshot: baseUrl(options.snapshotMirror, "snapshotMirror") };
  const named = options.mirror === undefined ? undefined : baseUrl(options.mirror, "mirror");
  const security = options.securityMirror === undefined ? undefined : baseUrl(options.securityMirror, "securityMirror");
  if (named !== undefined && security !== undefined) return { debian: named, security, ...snapshot };
  if (named !== undefined) {
    if (!named.endsWith("/debian")) {
      throw new LinuxKitError(
        "NO_MIRROR",
        `mirror: got ${shownUrl(named)}, which does not end in /debian, so its security archive is unknown: set securityMirror (config debianSecurityMirror)`,
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
      `no Debian mirror found in this host's apt sources (${directory}): set \`mirror\` in code or the configuration value \`debianMirror\` (pulumi config set linuxkit:debianMirror http://HOST/debian)`,
      { sought },
    );
  }
  return { debian, security: hostSecurity, ...snapshot };
}

/** An apt source: a base URL and its suites. */
export interface AptSource {
  readonly url: string;
  readonly suites: readonly string[];
}

/** Reads apt's sources in both styles (sources.list(5)). Leaves out entries that are disabled, not `deb`, or not http(s). */
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
  return sources.filter(({ url }) => /^https?:\/\//.test(url) && URL.canParse(url));
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

// the source of the suite itself, otherwise one whose URL ends like a Debian mirror's
function pick(sources: readonly AptSource[], isSuite: (suite: string) => boolean, ending: string): string | undefined {
  return (sources.find(({ suites }) => suites.some(isSuite)) ?? sources.find(({ url }) => url.endsWith(ending)))?.url;
}

function baseUrl(text: string, option: string): string {
  if (!/^https?:\/\/[^/\s]+(\/\S*)?$/.test(text) || !URL.canParse(text)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${option}: got ${shownUrl(text)}, wanted an http or https URL such as http://HOST/debian`,
      { path: option },
    );
  }
  return trimSlash(text);
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
