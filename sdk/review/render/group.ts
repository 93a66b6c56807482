import type { Change, Direction } from "../change.ts";
import { shortened } from "../shortened.ts";

/** Changes that one line shows. */
export interface Group {
  /** The first of the parts that they belong to. */
  readonly parts: readonly string[];
  /** How many parts there are besides. */
  readonly more: number;
  /** One line without the parts. */
  readonly message: string;
  readonly why?: string;
  readonly lines?: readonly string[];
}

/** The most names in one line; the rest is counted. */
const MOST = 20;

function listed(nouns: readonly string[]): string {
  return nouns.length <= MOST ? nouns.join(", ") : `${nouns.slice(0, MOST).join(", ")} and ${nouns.length - MOST} more`;
}

/**
 * The changes of one direction as lines: an upgrade of a library in ten services is one, and so are twelve paths of /proc that
 * one service sees now.
 */
export function grouped(changes: readonly Change[], direction: Direction): Group[] {
  const ofPart = new Map<string, Change[]>();
  for (const change of changes) {
    if (change.direction !== direction) continue;
    // with a value, or with lines, a change has its own words
    const isPlain = change.message === `${change.noun} ${change.action}` && !change.lines && !change.secret;
    const key = JSON.stringify(isPlain ? [change.part, change.rule, change.action, change.why] : [change.path]);
    const known = ofPart.get(key);
    if (known) known.push(change);
    else ofPart.set(key, [change]);
  }
  const groups = new Map<string, Omit<Group, "parts" | "more"> & { readonly parts: string[] }>();
  for (const all of ofPart.values()) {
    const [first] = all as [Change];
    const message = all.length === 1 ? first.message : `${listed(all.map(({ noun }) => noun))} ${first.action}`;
    const key = JSON.stringify([message, first.lines]);
    const group = groups.get(key);
    if (group) {
      group.parts.push(first.part);
      continue;
    }
    groups.set(key, {
      parts: [first.part],
      message,
      ...(first.why !== undefined && { why: first.why }),
      ...(first.lines && { lines: first.lines }),
    });
  }
  return [...groups.values()].map(({ parts, ...group }) => ({
    ...group,
    parts: parts.slice(0, MOST).map(shortened),
    more: Math.max(0, parts.length - MOST),
  }));
}
