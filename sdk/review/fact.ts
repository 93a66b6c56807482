import type { Json } from "../core/json.ts";
import { formatPath, type Step } from "../core/property-path.ts";
import { secretIn } from "../policy/rules/secrets.ts";

/**
 * One thing that holds in an operating system: a capability of a service, a word of the kernel's command line, the version
 * of a package. Two systems differ in the facts that only one has, and in those with another value.
 */
export interface Fact {
  /** The path, which identifies it: `services.web.capabilities.CAP_NET_RAW`. */
  readonly path: string;
  /** The part that it belongs to, by its path: `services.web`, `kernel`. A part begins with a fact whose path is its own. */
  readonly part: string;
  /** The name of the rule that says what a change of it means. */
  readonly rule: string;
  /** What it is about, for the rule's words: the capability's name, the port. */
  readonly name: string;
  readonly value: Json;
  /** The value is never shown. */
  readonly secret?: true;
}

/** The facts of an operating system by path, sorted by path. */
export type Facts = ReadonlyMap<string, Fact>;

/** Collects the facts of one part. */
export interface PartFacts {
  /** Adds a fact; `undefined` as its value adds none. */
  add(rule: string, name: string, steps: readonly Step[], value: unknown): void;
  /** Adds a fact for each leaf of a value: `resources.memory.limit`. */
  addLeaves(rule: string, steps: readonly Step[], value: unknown): void;
  readonly list: readonly Fact[];
}

/** The rules of texts that have a name, as `PASSWORD=…`, or are words of a command. */
const NAMED = ["environment", "cmdline", "protection", "first-program", "setting", "health"];

/** Collects facts below the path of a part. `isSecret` takes a path. */
export function partFacts(part: readonly Step[], isSecret: (path: string) => boolean = () => false): PartFacts {
  const list: Fact[] = [];
  const at = formatPath(part);
  const add: PartFacts["add"] = (rule, name, steps, value) => {
    if (value === undefined) return;
    const path = formatPath([...part, ...steps]);
    const isHidden = rule === "private-key" || isSecret(path) || looksSecret(value, NAMED.includes(rule) ? `${name}=` : "");
    list.push({ path, part: at, rule, name, value: value as Json, ...(isHidden && { secret: true }) });
  };
  const addLeaves: PartFacts["addLeaves"] = (rule, steps, value) => {
    if (value === undefined) return;
    const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (members.length === 0) return add(rule, (rule === "setting" ? steps : steps.slice(1)).join(" "), steps, value);
    for (const [name, member] of members) addLeaves(rule, [...steps, Array.isArray(value) ? Number(name) : name], member);
  };
  return { add, addLeaves, list };
}

/** Whether a text, or one in a list of words, looks like a secret. A name before it is sought only where texts have names. */
function looksSecret(value: unknown, before: string): boolean {
  if (Array.isArray(value)) return secretIn(value.join(" "), true) !== undefined;
  return typeof value === "string" && secretIn(before + value, before !== "") !== undefined;
}
