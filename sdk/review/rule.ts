import type { Json } from "../core/json.ts";
import type { Direction } from "./change.ts";
import type { Fact } from "./fact.ts";

/** What a change of one kind of fact means. */
export interface Rule {
  /** The fact as a noun phrase, for one line: `capability CAP_NET_RAW`. */
  noun(fact: Fact): string;
  /** How a value is shown, and the other one if there are two; `undefined` shows none. @default the value as JSON, a text as it is */
  value?(value: Json, other?: Json): string | undefined;
  /** Whether a value is a text of several lines, which is compared line by line. @default false */
  readonly isText?: true;
  /**
   * How much access a value gives; `undefined` stands for no value. More than before widens, less narrows, the same is neutral.
   * @default 0
   */
  rank?(value: Json | undefined, fact: Fact): number;
  /** What holds where the fact is absent and its part is there, for one line: `private`. @default nothing */
  unset?(fact: Fact): string;
  /** For values without a rank of their own: above 0 if the change widens, below 0 if it narrows. @default the ranks decide */
  compare?(before: Json, after: Json): number;
  /** What a change is called. @default "changed" */
  verb?(before: Json, after: Json): string;
  /** Whether a change may stop something from working, whatever the rank. @default never */
  breaks?(before: Json | undefined, after: Json | undefined): boolean;
  /** Why a change in this direction matters. */
  readonly why?: Partial<Record<Exclude<Direction, "neutral">, string>>;
}

export type Rules = Readonly<Record<string, Rule>>;

/** The rank of a fact that gives access by being there. */
export const present = (value: Json | undefined): number => (value === undefined ? 0 : 1);
