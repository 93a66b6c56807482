import { inLowerCase } from "./readings.ts";
import { partsIn, quotedIn, withoutSpans } from "./secret-parts.ts";

/** A line that every PEM file of its kind has (RFC 7468 2). */
const ARMOUR = /-----(?:BEGIN|END) [A-Z0-9 ]+-----/g;

/** Texts that must not be shown. */
export interface SecretTexts {
  /** Adds a secret, with its lines, the value behind its first `=`, and the login of its URL. */
  add(text: string): void;
  /** What was added. */
  all(): Iterable<string>;
  /** The text, with `[secret]` for each part of a secret that it holds, in whatever encoding. */
  hide(text: string): string;
  /** Whether a text holds a secret, or eight bytes of one in a row. */
  isIn(text: string): boolean;
}

/** An empty collection. */
export function secretTexts(): SecretTexts {
  const given = new Set<string>();
  const sought = new Map<string, Buffer>();
  const add = (text: string): void => {
    if (given.has(text)) return;
    given.add(text);
    for (const part of partsOf(text)) if (part !== "") sought.set(part, inLowerCase(Buffer.from(part)));
  };
  return {
    add,
    all: () => given,
    hide(text) {
      const secrets = [...sought.values()];
      return secrets.length === 0 ? text : withoutSpans(text, [...partsIn(text, secrets), ...quotedIn(text, secrets)]);
    },
    isIn: (text) => sought.size > 0 && partsIn(text, [...sought.values()]).length > 0,
  };
}

/** What is sought of a secret. The first and last line of a PEM file tell nothing, and stand in our own messages. */
function partsOf(text: string): string[] {
  return [text, ...text.split(/[\r\n]+/), assignedIn(text), ...loginOf(text)]
    .flatMap((part) => part.split(ARMOUR))
    .map((part) => part.trim());
}

/** `secret` of `TOKEN=secret`. */
function assignedIn(text: string): string {
  const [, value = ""] = /^[\w.-]+=(.*)$/s.exec(text) ?? [];
  return value;
}

/** User and password of a URL, decoded. */
function loginOf(text: string): string[] {
  const { username = "", password = "" } = URL.parse(text) ?? {};
  return [username, password].flatMap((part) => {
    try {
      return [part, decodeURIComponent(part)];
    } catch {
      return [part];
    }
  });
}
