import { posix } from "node:path";
import { collect } from "../core/bytes.ts";
import { nearest } from "../core/suggest.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { dependenciesOf } from "./closure.ts";
import type { DebContents } from "./contents.ts";
import { readDeb } from "./deb.ts";
import { ESSENTIAL } from "./essential.ts";
import type { ProgramFault } from "./find-program.ts";
import type { LockedDeb } from "./locked.ts";
import { mergedPath } from "./merged-usr.ts";
import { keeper } from "./slim.ts";
import type { Programs } from "./programs.ts";
import type { PackageRecord } from "./record.ts";
import { scriptPrograms } from "./script-programs.ts";
import type { SlimSources } from "./slim-sources.ts";

/** What advice is sought in. */
export interface AdviceSources extends Pick<SlimSources, "repository" | "contents" | "fetch"> {
  /** The bytes of a package in the store. */
  readonly open: (deb: Pick<LockedDeb, "sha256">) => AsyncIterable<Uint8Array>;
}

/** An image, and a command that cannot run in it. */
export interface Unrunnable {
  readonly program: string;
  readonly fault: ProgramFault;
  readonly debian: Pick<DebianImage["debian"], "packages" | "leaveOut">;
  readonly packages: readonly LockedDeb[];
  readonly programs: Programs;
}

/** The deepest dependencies that are searched, and the most packages that are opened for it. */
const DEEPEST = 3;
const MOST_OPENED = 120;

/** What to change in the definition so that a command runs: a clause that follows a colon. */
export async function programAdvice(unrunnable: Unrunnable, sources: AdviceSources): Promise<string> {
  const { program, fault, programs } = unrunnable;
  const { packages: names, leaveOut = [] } = unrunnable.debian;
  if (fault.kind === "forbidden") return 'give it a mode with x, as "0755"';
  const wanted = wantedPaths(program, fault);
  if (wanted.some(keeper(leaveOut))) return "leaveOut leaves it out, so take its pattern away";
  const elsewhere = Object.keys(programs).filter((path) => posix.basename(path) === program && programs[path]?.kind !== "link");
  if (fault.kind === "absent" && elsewhere.length > 0) return `use its path, ${JSON.stringify(`/${elsewhere[0]}`)}`;
  const also = fault.kind === "script" ? await scriptWants(fault.path, unrunnable, sources) : [];
  const search = new PackageSearch(names, sources);
  const found = await search.holding(wanted);
  if (found !== undefined) {
    const others: string[] = [];
    for (const paths of also) {
      const holder = await search.holding(paths);
      if (holder !== undefined && !names.includes(holder)) others.push(holder);
    }
    return `add ${[...new Set([found, ...others])].map((name) => JSON.stringify(name)).join(", ")} to packages`;
  }
  const near =
    fault.kind === "absent"
      ? nearest(
          posix.basename(program),
          Object.keys(programs).map((path) => posix.basename(path)),
        )
      : undefined;
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  return 'add the package that has it, or set dependencies: "all"';
}

/** The paths that would mend a fault, each alone. */
function wantedPaths(program: string, fault: ProgramFault): readonly string[] {
  if ("missing" in fault) return placesOf(fault.kind === "script" && fault.name !== undefined ? fault.name : fault.missing);
  return placesOf(program);
}

function placesOf(program: string): string[] {
  if (program.startsWith("/")) return [mergedPath(program.slice(1))];
  return ["usr/bin", "usr/sbin", "usr/local/bin", "usr/games"].map((folder) => `${folder}/${posix.basename(program)}`);
}

/** The places of the programs that a packaged shell script names and the image lacks. */
async function scriptWants(path: string, { packages, programs }: Unrunnable, { contents, open }: AdviceSources): Promise<string[][]> {
  const script = await ownerOf(path, programs, packages, contents);
  if (script === undefined) return [];
  const texts = new Map<string, string>();
  for await (const { member, entry } of readDeb(open(script.deb), script.deb.name)) {
    const at = mergedPath(entry.path);
    if (member !== "data" || !script.scripts.has(at)) continue;
    texts.set(at, (await collect(entry.body, 4 << 20, at)).toString("utf8"));
  }
  const places = [...scriptPrograms(script.path, texts)].map(placesOf);
  return places.filter((paths) => !paths.some((place) => programs[place] !== undefined));
}

/** The package of a script, and its shell scripts and what these may read; undefined for a script of another language. */
async function ownerOf(path: string, programs: Programs, packages: readonly LockedDeb[], contents: AdviceSources["contents"]) {
  let at = mergedPath(path.slice(1));
  for (let links = 0; programs[at]?.kind === "link" && links < 8; links++) {
    const { target } = programs[at] as { target: string };
    at = mergedPath(posix.resolve(`/${posix.dirname(at)}`, target).slice(1));
  }
  const found = programs[at];
  if (found?.kind !== "script" || !/\/(?:ba|da)?sh(?:\s|$)/.test(found.line)) return undefined;
  for (const deb of packages) {
    const { paths } = await contents(deb);
    if (!paths.some((entry) => entry.path === at)) continue;
    const shell = paths.filter(
      ({ type, script, elf }) => type === "file" && elf === undefined && (script === undefined || /sh(?:\s|$)/.test(script)),
    );
    const near = shell.filter(({ script, path: own }) => script !== undefined || posix.dirname(own) === posix.dirname(at));
    return { deb, path: at, scripts: new Set(near.map((entry) => entry.path)) };
  }
  return undefined;
}

/** A package that may have a path, and the one to name for it. */
interface Candidate {
  readonly record: PackageRecord;
  readonly named: PackageRecord;
}

/** Seeks packages by their paths: the dependencies of an image's packages, then Debian's essential ones, then one with the name. */
class PackageSearch {
  readonly #names: readonly string[];
  readonly #sources: AdviceSources;
  #candidates: Promise<readonly Candidate[]> | undefined;

  constructor(names: readonly string[], sources: AdviceSources) {
    this.#names = names;
    this.#sources = sources;
  }

  /** The name of a package that has one of the paths, or makes it as an alternative. */
  async holding(paths: readonly string[]): Promise<string | undefined> {
    const { contents } = this.#sources;
    this.#candidates ??= this.#gather();
    for (const { record, named } of await this.#candidates) if (hasPath(await contents(record), paths)) return named.name;
    const [own] = await this.#sources.repository.versions(posix.basename(paths[0] ?? ""));
    if (!own) return undefined;
    for (const record of [own, ...(await this.#partsOf(own))]) if (hasPath(await contents(record), paths)) return own.name;
    return undefined;
  }

  /** The dependencies from the same source package: python3-minimal has the program of python3. */
  async #partsOf(record: PackageRecord): Promise<PackageRecord[]> {
    const needed = await dependenciesOf(record, this.#sources.repository, new Map());
    return needed.filter(({ source }) => source === record.source);
  }

  async #gather(): Promise<readonly Candidate[]> {
    const { repository, fetch } = this.#sources;
    const found = new Map<string, Candidate>();
    const chosen = new Map<string, PackageRecord>();
    let level: PackageRecord[] = [];
    for (const name of this.#names) level.push(...(await repository.versions(name)).slice(0, 1));
    for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
      const next: PackageRecord[] = [];
      for (const from of level) {
        for (const record of await dependenciesOf(from, repository, chosen)) {
          if (found.has(record.name) || found.size >= MOST_OPENED) continue;
          const via = found.get(from.name)?.named;
          // a part alone is not the whole of what its source package gives
          found.set(record.name, { record, named: via?.source === record.source ? via : record });
          chosen.set(record.name, record);
          next.push(record);
        }
      }
      level = next;
    }
    for (const name of ESSENTIAL) {
      const [record] = await repository.versions(name);
      if (record && !found.has(name)) found.set(name, { record, named: record });
    }
    // libraries have no programs, so they are not fetched
    const candidates = [...found.values()].filter(({ record }) => !/^lib(?!c-bin).*\d/.test(record.name));
    await fetch(candidates.map(({ record }) => record));
    return candidates;
  }
}

function hasPath({ paths, alternatives }: DebContents, wanted: readonly string[]): boolean {
  const links = alternatives.flatMap((alternative) => [alternative, ...alternative.slaves]).map(({ link }) => mergedPath(link.slice(1)));
  return paths.some(({ path, type }) => type !== "directory" && wanted.includes(path)) || links.some((link) => wanted.includes(link));
}
