import type { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import { deepFreeze } from "../../core/json.ts";
import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { failuresOf } from "../../definition/failures-of.ts";

/**
 * Parses the arguments of a function of `debian`.
 *
 * @throws INVALID_DEFINITION naming the function and every wrong argument: `debian.dhcp: timeout: got 0, wanted …`
 */
export function checked<S extends z.ZodType>(what: string, schema: S, given: unknown): z.output<S> {
  const failures = failuresOf(schema, given);
  const [first] = failures;
  if (first) {
    const lines = failures.map(({ path, message }) => `${what}: ${path === "" ? "" : `${path}: `}${message}`);
    throw new LinuxKitError("INVALID_DEFINITION", lines.join("\n"), { path: first.path });
  }
  return schema.parse(given);
}

/** A DebianImage, with the defaults of an image made from packages. */
export function debianImage(recipe: Partial<DebianImage["debian"]>, config: DebianImage["config"] = {}): DebianImage {
  const whole: DebianImage = {
    debian: { role: "packages", packages: [], dependencies: "slim", keep: [], users: [], groups: [], files: [], ...recipe },
    config,
  };
  return deepFreeze(checked("debian", debianImageSchema, whole));
}
