import { parse } from "yaml";
import { LinuxKitError } from "../core/errors.ts";

/**
 * Reads the text of an image's `org.mobyproject.config` label, JSON or YAML. Its fields are checked
 * where they are merged.
 *
 * @param location the image's place in the definition, for messages
 * @throws INVALID_DEFINITION
 */
export function parseLabel(text: string | undefined, location: string): Readonly<Record<string, unknown>> {
  if (text === undefined || text.trim() === "") return {};
  const refuse = (why: string, cause?: unknown): LinuxKitError =>
    new LinuxKitError("INVALID_DEFINITION", `${location}: the image's label org.mobyproject.config ${why}`, { path: location }, { cause });
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 1000 });
  } catch (error) {
    throw refuse("is neither JSON nor YAML", error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse("is not an object of container fields");
  return value as Record<string, unknown>;
}
