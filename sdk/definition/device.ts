import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { count, fields, mode, word } from "./fields.ts";

/** A device node of a container. */
export interface DeviceArgs {
  /** Absolute path of the node, or `all`: every device of this type may be opened, and no node is created. @example "/dev/fuse" */
  readonly path: Input<string>;
  /** `c` character, `b` block, `u` unbuffered character, `p` fifo; `a` any, with `path: "all"`. */
  readonly type: Input<"a" | "b" | "c" | "u" | "p">;
  /** The driver's number. @default 0; with `path: "all"` every one @example 10 */
  readonly major?: Input<number | undefined>;
  /** The device's number in its driver. @default 0; with `path: "all"` every one @example 229 */
  readonly minor?: Input<number | undefined>;
  /** Permission bits, octal digits in quotes. @default none: required unless `path` is `all` @example "0660" */
  readonly mode?: Input<string | undefined>;
}

/** The schema of {@link DeviceArgs}. */
export const device = fields({
  path: word,
  type: z.enum(["a", "b", "c", "u", "p"]),
  major: count.optional(),
  minor: count.optional(),
  mode: mode.optional(),
}).superRefine((value, context) => {
  if (value.path !== "all" && value.mode === undefined) {
    context.addIssue({ code: "custom", path: ["mode"], message: 'octal digits in quotes, as "0660"' });
  }
});
