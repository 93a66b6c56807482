import { formatPath, parsePath, type Step, valueAt } from "../core/property-path.ts";
import type { Decoded } from "./struct.ts";
import { isProperties, type Properties, Secret, secret, type Value } from "./value.ts";

/** Shorter secrets are not searched for in texts: they would hide ordinary words. */
const SHORTEST_REDACTED = 4;

/** What one request of the engine must keep secret, and how. */
export interface Secrecy {
  /** Whether the value at this path, or something around it, came in as a secret. */
  isSecret(path: string): boolean;
  /** Marks again what was secret, by its path and by its text: normalising may have moved it. */
  seal(properties: Properties): Properties;
  /** Removes the texts of secrets from a message. */
  redact(message: string): string;
}

/** Collects the secrets of a request's properties. Old and new properties may differ in shape. */
export function secrecyOf(...decoded: readonly Decoded[]): Secrecy {
  const paths = new Set<string>();
  const texts = new Set<string>();
  for (const { properties, secretPaths } of decoded) {
    for (const path of secretPaths) {
      paths.add(path);
      gatherTexts(valueAt(properties, parsePath(path)), texts);
    }
  }
  // the longest first: one secret may be part of another
  const redacted = [...texts].filter((text) => text.length >= SHORTEST_REDACTED).sort((a, b) => b.length - a.length);

  const sealValue = (value: Value, steps: readonly Step[]): Value => {
    if (value instanceof Secret) return value;
    if ((steps.length > 0 && paths.has(formatPath(steps))) || (typeof value === "string" && texts.has(value))) return secret(value);
    if (Array.isArray(value)) return value.map((item: Value, index) => sealValue(item, [...steps, index]));
    return isProperties(value) ? sealMembers(value, steps) : value;
  };
  const sealMembers = (members: Properties, steps: readonly Step[]): Properties =>
    Object.fromEntries(
      Object.entries(members).map(([name, member]) => [name, member === undefined ? member : sealValue(member, [...steps, name])]),
    );

  return {
    isSecret(path) {
      const steps = parsePath(path);
      return steps.some((_, index) => paths.has(formatPath(steps.slice(0, index + 1))));
    },
    seal: (properties) => (paths.size === 0 ? properties : sealMembers(properties, [])),
    redact: (message) => redacted.reduce((text, word) => text.replaceAll(word, "[secret]"), message),
  };
}

function gatherTexts(value: unknown, into: Set<string>): void {
  if (typeof value === "string" && value !== "") into.add(value);
  else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) gatherTexts(member, into);
}
