import { canonicalJson } from "../core/json.ts";
import { formatPath, parsePath } from "../core/property-path.ts";
import type { Change } from "./change.ts";

/**
 * Leaves one change for what came or went as a whole: a new service is one line, and its command, its image and its files lie
 * within. What a new part opens, and what a removed part had opened, keeps a line of its own.
 *
 * @param all every change, sorted by path
 */
export function fold(all: readonly Change[]): Change[] {
  const byPath = new Map(all.map((change) => [change.path, change]));
  const within = new Map<Change, Change[]>();
  const known = new Map<Change, Change | undefined>();
  const kept = all.filter((change) => {
    const owner = ownerOf(change, all, byPath, known);
    if (!owner) return true;
    const inside = within.get(owner);
    if (inside) inside.push(change);
    else within.set(owner, [change]);
    return false;
  });
  return kept.map((change) => {
    const inside = within.get(change);
    return inside ? { ...change, within: inside.map(bare) } : change;
  });
}

function bare({ path, before, after, secret }: Change): Pick<Change, "path" | "before" | "after" | "secret"> {
  return { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }), ...(secret && { secret }) };
}

type ByPath = ReadonlyMap<string, Change>;

/** What has its owner elsewhere than in what came or went around it, by rule. */
const OWNERS: Readonly<Record<string, (change: Change, all: readonly Change[], byPath: ByPath) => Change | undefined>> = {
  order: withOrder,
  "image-digest": (change, _, byPath) => withImage(change, byPath),
  "package-named": (change, _, byPath) => withVersion(change, byPath),
  "api-clients": (change, _, byPath) => withInterface(change, byPath),
  "tree-file": (change, _, byPath) => withFolder(change, byPath),
  "seccomp-default": (change, _, byPath) => withProfile(change, byPath),
  "seccomp-architecture": (change, _, byPath) => withProfile(change, byPath),
  "system-call": (change, _, byPath) => withProfile(change, byPath),
  "system-call-refused": (change, _, byPath) => withProfile(change, byPath),
};

/** The change that another one lies within, if it needs no line of its own. `known` holds those that were found before. */
function ownerOf(change: Change, all: readonly Change[], byPath: ByPath, known: Map<Change, Change | undefined>): Change | undefined {
  if (known.has(change)) return known.get(change);
  const found = OWNERS[change.rule]?.(change, all, byPath) ?? withParent(change, byPath);
  const owner = found && (ownerOf(found, all, byPath, known) ?? found);
  known.set(change, owner);
  return owner;
}

function withParent(change: Change, byPath: ByPath): Change | undefined {
  const opens = change.action === "added" ? "widens" : "narrows";
  if (change.action === "changed" || change.direction === opens || change.direction === "breaks") return undefined;
  const steps = parsePath(change.path);
  for (let length = steps.length - 1; length > 0; length--) {
    const parent = byPath.get(formatPath(steps.slice(0, length)));
    if (parent?.action === change.action) return parent;
  }
  return undefined;
}

/** What comes or goes with the folder that it is in. */
function withFolder({ path, action }: Change, byPath: ByPath): Change | undefined {
  const steps = parsePath(path);
  const name = String(steps.at(-1));
  const folder = byPath.get(formatPath([...steps.slice(0, -1), name.slice(0, name.lastIndexOf("/"))]));
  return action !== "changed" && folder?.action === action ? folder : undefined;
}

/**
 * Another kind of filter says enough of its calls. A call beside the default filter keeps its line, unless every call is, or was,
 * allowed.
 */
function withProfile({ path, part }: Change, byPath: ByPath): Change | undefined {
  const profile = byPath.get(formatPath([...parsePath(part), "seccomp"]));
  const isExtension = parsePath(path).at(-2) === "allow";
  return isExtension && profile?.before !== "unconfined" && profile?.after !== "unconfined" ? undefined : profile;
}

/** An interface comes and goes with its clients. */
function withInterface({ part, action }: Change, byPath: ByPath): Change | undefined {
  const api = byPath.get(part);
  return api?.action === action ? api : undefined;
}

/** A package that is named, and is installed by that, is one change: the one with its version. */
function withVersion({ path, action }: Change, byPath: ByPath): Change | undefined {
  const steps = parsePath(path);
  const version = byPath.get(formatPath([...steps.slice(0, -2), "installed", steps.at(-1) as string]));
  return version?.action === action ? version : undefined;
}

/** Another reference has another digest. */
function withImage({ path }: Change, byPath: ByPath): Change | undefined {
  const image = byPath.get(formatPath(parsePath(path).slice(0, -1)));
  return image?.action === "changed" ? image : undefined;
}

/** The rules of what an order lists: a task, or an image of init. */
const BEGINS = ["container", "init", "image"];

/** The order follows from what came or went, unless the others changed places as well. */
function withOrder({ path, before = [], after = [] }: Change, all: readonly Change[]): Change | undefined {
  const [old, now] = [before as readonly string[], after as readonly string[]];
  const moved = canonicalJson(old.filter((name) => now.includes(name))) !== canonicalJson(now.filter((name) => old.includes(name)));
  const phase = parsePath(path)[1];
  return moved
    ? undefined
    : all.find(({ rule, part, action }) => BEGINS.includes(rule) && action !== "changed" && parsePath(part)[0] === phase);
}
