import type { Json } from "../core/json.ts";

/**
 * What a change means to its reviewer. `widens`: something has more access, or less protects it. `breaks`: something
 * may not work afterwards, or data is lost. `narrows`: the opposite of `widens`. `neutral`: neither.
 */
export type Direction = "widens" | "breaks" | "narrows" | "neutral";

/** The directions in the order in which a review shows them. */
export const DIRECTIONS = ["widens", "breaks", "narrows", "neutral"] as const satisfies readonly Direction[];

/** A part of an operating system that was added, removed or changed. */
export interface Change {
  /** The path of what changed: `services.web.capabilities.CAP_NET_RAW`. */
  readonly path: string;
  /** The path of the part that it belongs to: `services.web`. */
  readonly part: string;
  /** What happened to it. */
  readonly action: "added" | "removed" | "changed";
  /** The value before. Absent if it was added, or is secret. */
  readonly before?: Json;
  /** The value after. Absent if it was removed, or is secret. */
  readonly after?: Json;
  /** Whether its values are secret: then they are not here. */
  readonly secret?: true;
  /** What it means. */
  readonly direction: Direction;
  /** The rule that decided the direction: `capability`. */
  readonly rule: string;
  /** What changed, as a noun phrase: `capability CAP_NET_RAW`. */
  readonly noun: string;
  /** One line without the part: `capability CAP_NET_RAW added`. */
  readonly message: string;
  /** Why it has this direction. Absent for `neutral`. */
  readonly why?: string;
  /** Of a text: the lines of a unified diff. */
  readonly lines?: readonly string[];
  /** Facts that come or go with a part that was added or removed, and need no line of their own. */
  readonly within?: readonly Pick<Change, "path" | "before" | "after" | "secret">[];
}
