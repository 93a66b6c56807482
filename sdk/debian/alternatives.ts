import { mergedPath } from "./merged-usr.ts";
import { shellCommands } from "./shell-commands.ts";

/** A link of the alternatives system: `link` → `/etc/alternatives/NAME` → `path`. */
export interface AlternativeLink {
  /** Absolute, as the package has it: `/usr/bin/awk`. */
  readonly link: string;
  readonly name: string;
  /** What it leads to: `/usr/bin/mawk`. */
  readonly path: string;
}

/** One choice for a name, and the links that follow it. */
export interface Alternative extends AlternativeLink {
  readonly priority: number;
  readonly slaves: readonly AlternativeLink[];
}

/**
 * The alternatives that a package declares: `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]…`
 * in its postinst (update-alternatives(1)). The script is read as data, and never run.
 */
export function alternativesOf(postinst: string, name: string, architecture: string): Alternative[] {
  // what dpkg sets for `postinst configure` of a new package (dpkg(1), "Internal environment"; Debian policy 6.5)
  const given = { "1": "configure", "2": "", DPKG_ROOT: "", DPKG_MAINTSCRIPT_ARCH: architecture, DPKG_MAINTSCRIPT_PACKAGE: name };
  return shellCommands(postinst, given).flatMap(([program, ...words]) =>
    program === "update-alternatives" || program === "/usr/bin/update-alternatives" ? installed(words) : [],
  );
}

function installed(words: readonly (string | undefined)[]): Alternative[] {
  const at = words.indexOf("--install");
  if (at < 0) return [];
  const [link, name, path, priority] = words.slice(at + 1);
  if (!isLink(link, name, path) || priority === undefined || !/^-?\d{1,9}$/.test(priority)) return [];
  const slaves: AlternativeLink[] = [];
  for (let next = words.indexOf("--slave"); next >= 0; next = words.indexOf("--slave", next + 1)) {
    const [slaveLink, slaveName, slavePath] = words.slice(next + 1);
    if (isLink(slaveLink, slaveName, slavePath))
      slaves.push({ link: slaveLink as string, name: slaveName as string, path: slavePath as string });
  }
  return [{ link: link as string, name: name as string, path: path as string, priority: Number(priority), slaves }];
}

/** `update-alternatives` takes absolute paths, and names without a slash or a space. */
function isLink(link: string | undefined, name: string | undefined, path: string | undefined): boolean {
  return [link, path].every((text) => text !== undefined && isPlainPath(text)) && name !== undefined && /^[^/\s\0]+$/.test(name);
}

function isPlainPath(path: string): boolean {
  return /^\/[^\s\0]+$/.test(path) && !path.split("/").some((part) => part === ".." || part === ".");
}

/**
 * The links that the alternatives of an image's packages make: of each name the choice with the highest priority whose
 * path exists, the first of equal ones, and its slaves whose paths exist (update-alternatives(1)).
 *
 * @param exists whether the image has a path, relative to the root, in a merged /usr
 */
export function chosenAlternatives(alternatives: readonly Alternative[], exists: (path: string) => boolean): AlternativeLink[] {
  const isThere = ({ path }: AlternativeLink): boolean => exists(mergedPath(path.slice(1)));
  const best = new Map<string, Alternative>();
  for (const alternative of alternatives) {
    const known = best.get(alternative.name);
    if (isThere(alternative) && (known === undefined || alternative.priority > known.priority)) best.set(alternative.name, alternative);
  }
  return [...best.values()].flatMap((chosen) => [chosen, ...chosen.slaves.filter(isThere)]);
}
