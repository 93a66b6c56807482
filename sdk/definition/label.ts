import { parse } from "yaml";
import { LinuxKitError } from "../core/errors.ts";
import { type ContainerFields, labelSchema } from "./container-fields.ts";
import { failuresOf } from "./failures-of.ts";

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

/**
 * The fields of a parsed label.
 *
 * @param location the image's place in the definition, for messages
 * @throws INVALID_DEFINITION if the label has an unknown or invalid field
 */
export function checkedLabel(label: Readonly<Record<string, unknown>>, location: string): ContainerFields {
  const failures = failuresOf(labelSchema, label);
  if (failures.length > 0) {
    const lines = failures.map(
      (found) => `${location}: in its label org.mobyproject.config: ${found.path}${found.path && ": "}${found.message}`,
    );
    throw new LinuxKitError("INVALID_DEFINITION", lines.join("\n"), { path: location });
  }
  return label as ContainerFields;
}

/** Most characters of one field's value in {@link labelText}. */
const LONGEST = 60;

/** The fields of a label as a part of a message: `capabilities ["all"], pid "host"`. */
export function labelText(fields: ContainerFields): string {
  return Object.entries(fields)
    .map(([field, value]) => {
      const text = JSON.stringify(value).replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
      return `${field} ${text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text}`;
    })
    .join(", ");
}
