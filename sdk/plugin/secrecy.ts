import type { z } from "zod";
import { formatPath, parsePath, type Step, valueAt } from "../core/property-path.ts";
import type { shown } from "../core/shown.ts";
import type { didYouMean } from "../core/suggest.ts";
import { isSecretAt } from "./input.ts";
import { type SecretTexts, secretTexts } from "./secret-texts.ts";
import type { Decoded } from "./struct.ts";
import { isProperties, type Properties, Secret, secret, type Value } from "./value.ts";

/** What one request of the engine must keep secret, and how. */
export interface Secrecy {
  /** Whether the value at this path, or something around it, came in as a secret. */
  isSecret(path: string): boolean;
  /** Marks in inputs what was secret, by its path and by its text: normalising may have moved it. */
  seal(inputs: Properties): Properties;
  /** Marks in outputs what was secret, and each text that holds a part of a secret. What an input had in clear stays so. */
  sealOutputs(outputs: Properties): Properties;
  /** Hides every part of every secret that this process knows. */
  redact(message: string): string;
  /** The same for what a check says of the value at a path: of a secret it tells nothing, however short it is. */
  redactAt(path: string, message: string): string;
}

/** How messages show a value: {@link shown}. */
const GOT = /^got (?:"(?:[^"\\]|\\.)*?(?:"|…(?=,))|-?\d[\d.]*|true|false)/;

/** What is near a value tells of it: {@link didYouMean}, `modeWanted`. */
const MEANT = /: (?:did you mean )?"(?:[^"\\]|\\.)*"\??$/;

/**
 * Collects the secrets of a request's properties, which may differ in shape.
 *
 * @param known the secrets of all requests: a machine's message may tell of the build that it boots
 * @param inputs new ones and old ones
 * @param state the old outputs @default none
 */
export function secrecyOf(known: SecretTexts, inputs: readonly Decoded[], state?: Decoded): Secrecy {
  const paths = new Set<string>();
  const texts = new Set<string>();
  const clear = new Set<string>();
  for (const { properties, secretPaths } of [...inputs, ...(state ? [state] : [])]) {
    for (const path of secretPaths) {
      paths.add(path);
      gatherTexts(valueAt(properties, parsePath(path)), texts);
    }
  }
  for (const { properties, secretPaths } of inputs) gatherClear(properties, [], secretPaths, clear);
  const own = secretTexts();
  for (const text of texts) for (const collection of [own, known]) collection.add(text);

  const sealValue = (value: Value, steps: readonly Step[], isHeld: (text: string) => boolean): Value => {
    if (value instanceof Secret) return value;
    if ((steps.length > 0 && paths.has(formatPath(steps))) || (typeof value === "string" && isHeld(value))) return secret(value);
    if (Array.isArray(value)) return value.map((item: Value, index) => sealValue(item, [...steps, index], isHeld));
    return isProperties(value) ? sealMembers(value, steps, isHeld) : value;
  };
  const sealMembers = (members: Properties, steps: readonly Step[], isHeld: (text: string) => boolean): Properties =>
    Object.fromEntries(
      Object.entries(members).map(([name, member]) => [name, member === undefined ? member : sealValue(member, [...steps, name], isHeld)]),
    );
  // the program wrote its inputs, so a text there that only resembles a secret stays in clear
  const isSame = (text: string): boolean => texts.has(text) || [...texts].some((one) => one.trim() === text && text !== "");
  // an environment by name becomes a list of NAME=value
  const isMoved = (text: string): boolean => isSame(text) || (/^[^=]+=./s.test(text) && isSame(text.slice(text.indexOf("=") + 1)));

  const isSecret = (path: string): boolean => {
    const steps = parsePath(path);
    return steps.some((_, index) => paths.has(formatPath(steps.slice(0, index + 1))));
  };
  return {
    isSecret,
    seal: (inputs) => (paths.size === 0 ? inputs : sealMembers(inputs, [], isMoved)),
    sealOutputs: (outputs) =>
      paths.size === 0 ? outputs : sealMembers(outputs, [], (text) => texts.has(text) || (!clear.has(text) && own.isIn(text))),
    redact: known.hide,
    redactAt: (path, message) => known.hide(isSecret(path) ? message.replace(GOT, "got a secret").replace(MEANT, "") : message),
  };
}

/** A URL with a password, of a mirror for example. */
const LOGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]*@/i;

/**
 * The same properties, where what a type's schema notes as secret is secret, whatever the program said, and each URL with a
 * password.
 */
export function withNoted(schema: z.ZodObject | undefined, { properties, secretPaths }: Decoded): Decoded {
  const noted = new Set(secretPaths);
  const visit = (value: unknown, steps: readonly Step[]): void => {
    const isNoted = schema && steps.length > 0 && value !== undefined && isSecretAt(schema, steps);
    if (isNoted || (typeof value === "string" && LOGIN.test(value))) noted.add(formatPath(steps));
    else if (typeof value === "object" && value !== null)
      for (const [name, member] of Object.entries(value)) visit(member, [...steps, Array.isArray(value) ? Number(name) : name]);
  };
  visit(properties, []);
  return { properties, secretPaths: noted };
}

function gatherTexts(value: unknown, into: Set<string>): void {
  if (typeof value === "string" && value !== "") into.add(value);
  else if (typeof value === "number") into.add(String(value));
  else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) gatherTexts(member, into);
}

/** Texts that are not secret. */
function gatherClear(value: unknown, steps: readonly Step[], secretPaths: ReadonlySet<string>, into: Set<string>): void {
  if (steps.length > 0 && secretPaths.has(formatPath(steps))) return;
  if (typeof value === "string") into.add(value);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value))
      gatherClear(member, [...steps, Array.isArray(value) ? Number(name) : name], secretPaths, into);
}
