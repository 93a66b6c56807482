import { canonicalJson, type Json } from "../core/json.ts";
import { type Change, type Direction, DIRECTIONS } from "./change.ts";
import type { Fact, Facts } from "./fact.ts";
import { factsOf, type Reviewed } from "./facts-of.ts";
import { fold } from "./fold.ts";
import { lineDiff } from "./line-diff.ts";
import type { Rule } from "./rule.ts";
import { REVIEW_RULES } from "./rules.ts";
import { shortened } from "./shortened.ts";

/**
 * What changes inside an operating system, with what it means: what widens access first. It compares definitions, and the
 * versions and digests of the locks if both have one. It needs no build and no network.
 */
export function diff(before: Reviewed, after: Reviewed): readonly Change[] {
  // against a side whose versions are unknown, every package of the other one would seem to come or go
  const facts = (one: Reviewed): Facts => factsOf(before.lock && after.lock ? one : { ...one, lock: undefined });
  return diffFacts(facts(before), facts(after));
}

/** {@link diff} for facts. */
export function diffFacts(before: Facts, after: Facts): readonly Change[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const all = paths.flatMap((path) => changeOf(before.get(path), after.get(path)));
  const order = (change: Change): number => DIRECTIONS.indexOf(change.direction);
  return fold(all).toSorted((a, b) => order(a) - order(b) || (a.path < b.path ? -1 : 1));
}

function changeOf(old: Fact | undefined, now: Fact | undefined): Change[] {
  const fact = now ?? old;
  if (!fact || (old && now && canonicalJson(old.value) === canonicalJson(now.value))) return [];
  const rule = REVIEW_RULES[fact.rule] as Rule;
  const isSecret = old?.secret === true || now?.secret === true;
  const direction = directionOf(rule, old, now, fact);
  const why = direction === "neutral" ? undefined : rule.why?.[direction];
  const lines = rule.isText && old && now && !isSecret ? lineDiff(String(old.value), String(now.value)) : undefined;
  return [
    {
      path: fact.path,
      part: fact.part,
      action: old ? (now ? "changed" : "removed") : "added",
      ...(old && !isSecret && { before: old.value }),
      ...(now && !isSecret && { after: now.value }),
      ...(isSecret && { secret: true as const }),
      direction,
      rule: fact.rule,
      noun: shortened(rule.noun(fact)),
      message: messageOf(rule, old, now, fact, isSecret),
      ...(why !== undefined && { why }),
      ...(lines && { lines }),
    },
  ];
}

function directionOf(rule: Rule, old: Fact | undefined, now: Fact | undefined, fact: Fact): Direction {
  const gain =
    rule.compare && old && now
      ? rule.compare(old.value, now.value)
      : (rule.rank?.(now?.value, fact) ?? 0) - (rule.rank?.(old?.value, fact) ?? 0);
  if (gain > 0) return "widens";
  if (rule.breaks?.(old?.value, now?.value)) return "breaks";
  return gain < 0 ? "narrows" : "neutral";
}

/** Longer values are cut in a message; the change has them whole. In characters. */
const LONGEST = 80;

function messageOf(rule: Rule, old: Fact | undefined, now: Fact | undefined, fact: Fact, isSecret: boolean): string {
  const noun = shortened(rule.noun(fact));
  const show = (value: Json, other?: Json): string | undefined => {
    if (isSecret || rule.isText) return undefined;
    const text = rule.value ? rule.value(value, other) : typeof value === "string" ? value : JSON.stringify(value);
    return text !== undefined && text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  };
  if (old && now) {
    const verb = rule.verb?.(old.value, now.value) ?? "changed";
    const [from, to] = [show(old.value, now.value), show(now.value, old.value)];
    return from === undefined && to === undefined ? `${noun} ${verb}` : `${noun} ${verb} from ${from ?? "nothing"} to ${to ?? "nothing"}`;
  }
  const value = show(fact.value);
  const unset = rule.unset?.(fact);
  if (unset !== undefined) return `${noun}: ${now ? `${value} instead of ${unset}` : `${unset} instead of ${value}`}`;
  return `${noun} ${now ? "added" : "removed"}${value === undefined || value === "" ? "" : `: ${value}`}`;
}
