import type { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import { type Failure, failure } from "../../core/failure.ts";
import { deepFreeze } from "../../core/json.ts";
import { type DebianImage, debianImageSchema } from "../../definition/debian-image.ts";
import { failuresOf } from "../../definition/failures-of.ts";
import { frozenCopy } from "../../definition/inputs.ts";
import { deferredIn } from "../../definition/normalise.ts";

/**
 * Parses the arguments of a function of `debian`. The function makes files of them at once, so none may be an Output.
 *
 * @throws INVALID_DEFINITION naming the function and every wrong argument: `debian.dhcp: timeout: got 0, wanted …`
 */
export function checked<S extends z.ZodType>(what: string, schema: S, given: unknown): z.output<S> {
  const later = deferredIn(given);
  const failures = later ? [failure(later, LATER)] : failuresOf(schema, given);
  refuse(what, failures);
  return schema.parse(given);
}

/** Throws what is wrong with the arguments of a function, if anything is. */
export function refuse(what: string, failures: readonly Failure[]): void {
  const [first] = failures;
  if (!first) return;
  const lines = failures.map(({ path, message }) => `${what}: ${path === "" ? "" : `${path}: `}${message}`);
  throw new LinuxKitError("INVALID_DEFINITION", lines.join("\n"), { path: first.path });
}

const LATER =
  "got an Output, wanted a value: the image is described before any resource is made; only files of debian.packages may hold Outputs";

/** A DebianImage, with the defaults of an image made from packages. */
export function debianImage(recipe: Partial<DebianImage["debian"]>, config: DebianImage["config"] = {}): DebianImage {
  const whole: DebianImage = {
    debian: { role: "packages", packages: [], dependencies: "slim", keep: [], users: [], groups: [], files: [], ...recipe },
    config,
  };
  if (!deferredIn(whole.debian.files)) return deepFreeze(checked("debian", debianImageSchema, whole));
  const { files } = whole.debian;
  const rest = checked("debian", debianImageSchema, { ...whole, debian: { ...whole.debian, files: [] } });
  return frozenCopy({ ...rest, debian: { ...rest.debian, files } });
}
