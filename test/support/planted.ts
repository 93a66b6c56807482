import type { z } from "zod";
import type { Step } from "../../sdk/core/property-path.ts";
import type { Properties, Value } from "../../sdk/plugin/value.ts";
import type { Random } from "./random.ts";

const LETTERS = "abcdefghijkmnopqrstuvwxyz0123456789";
const UNICODE = [..."äßçøЖ漢字ひ🙂🚀é"];
/** So many bytes of a secret in a row are a leak. */
const PART = 8;

/** Secrets of each kind, every byte of them random. */
export const KINDS = {
  short: (random) => letters(random, 4 + random.below(4)),
  tiny: (random) => `${letters(random, 2)}${random.below(10)}`,
  word: (random) => letters(random, 12),
  long: (random) => letters(random, 150 + random.below(200)),
  lines: (random) => Array.from({ length: 4 }, () => letters(random, 20)).join(random.pick(["\n", "\r\n"])),
  quotes: (random) => Array.from({ length: 8 }, () => letters(random, 3) + random.pick(['"', "'", "\\", "`", "$", "\\n"])).join(""),
  unicode: (random) => Array.from({ length: 14 }, () => random.pick(UNICODE)).join("") + letters(random, 3),
  base64: (random) => random.bytes(60).toString("base64"),
  control: (random) => Array.from({ length: 6 }, () => letters(random, 3) + random.pick(["\x1b", "\t", "\x07", "\u2028"])).join(""),
  percent: (random) => Array.from({ length: 6 }, () => letters(random, 2) + random.pick(["%", "+", " ", "&", "=", "/", "?"])).join(""),
  url: (random) => `https://${letters(random, 8)}:${letters(random, 12)}@${letters(random, 9)}.${letters(random, 9)}/${letters(random, 9)}`,
  assigned: (random) => `${letters(random, 9)}=${letters(random, 14)}`,
} satisfies Record<string, (random: Random) => string>;

function letters(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick([...LETTERS])).join("");
}

/**
 * What of a secret a text holds: it is the naive search, which makes each encoding of each part of the secret and seeks it. It
 * shares nothing with the code that it judges, which decodes the text instead.
 */
export function leakOf(text: string, secret: string): string | undefined {
  if (secret.length < 4) return text.includes(`"${secret}"`) ? secret : undefined;
  const characters = [...secret];
  const seen = new Set<string>();
  for (let from = 0; from < characters.length; from++) {
    let to = from;
    let part = "";
    while (to < characters.length && Buffer.byteLength(part) < PART) part += characters[to++];
    // the end has no further part; a shorter secret is one part
    if (Buffer.byteLength(part) < PART && from > 0) break;
    seen.add(part);
  }
  for (const part of seen) {
    // what every URL has tells nothing
    if (part === "https://") continue;
    const found = encodingsOf(part).find((encoded) => text.includes(encoded));
    if (found !== undefined) return found;
  }
  return undefined;
}

function encodingsOf(part: string): string[] {
  const json = JSON.stringify(part).slice(1, -1);
  const escaped = part.replace(/[\x00-\x1f\x7f-\x9f\u2028]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.from(`${"x".repeat(before)}${part}`);
    // the digits that depend on this part alone
    return whole.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
  const all = [part, json, JSON.stringify(json).slice(1, -1), escaped, wellFormed(part, encodeURIComponent), wellFormed(part, encodeURI)];
  return [...all, ...base64, Buffer.from(part).toString("hex")].filter((text) => text.length >= 4);
}

function wellFormed(text: string, encode: (text: string) => string): string {
  return text.isWellFormed() ? encode(text) : text;
}

/** The path of every value that a schema has, and of each list and object around it. */
export function pathsOf(schema: z.core.$ZodType, at: readonly Step[] = [], depth = 0): Step[][] {
  const def = schema._zod.def as z.core.$ZodTypeDef & Record<string, unknown>;
  const inside = (inner: unknown, ...steps: Step[]): Step[][] => pathsOf(inner as z.core.$ZodType, [...at, ...steps], depth + steps.length);
  const here = at.length > 0 ? [[...at]] : [];
  if (depth > 8) return here;
  switch (def.type) {
    case "object":
      return [...here, ...Object.entries(def.shape as object).flatMap(([name, member]) => inside(member, name))];
    case "array":
      return [...here, ...inside(def.element, 0)];
    case "record":
      return [...here, ...inside(def.valueType, "web")];
    case "union":
      return unique((def.options as unknown[]).flatMap((option) => inside(option)));
    case "pipe":
      return unique([...inside(def.in), ...inside(def.out)]);
    case "optional":
    case "default":
    case "prefault":
    case "nullable":
    case "readonly":
    case "nonoptional":
      return inside(def.innerType);
    default:
      return here;
  }
}

function unique(paths: readonly Step[][]): Step[][] {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

/** A copy in which a value stands at a path; lists and objects on the way are made where they are missing. */
export function planted(base: Value | undefined, [step, ...rest]: readonly Step[], value: Value): Value {
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(base) ? [...(base as readonly Value[])] : [];
    list[step] = planted(list[step], rest, value);
    return list;
  }
  const members = typeof base === "object" && base !== null && !Array.isArray(base) ? (base as Properties) : {};
  return { ...members, [step]: planted(members[step], rest, value) };
}
