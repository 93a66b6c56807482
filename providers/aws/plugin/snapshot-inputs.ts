import { z } from "zod";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import type { Checked } from "../../../sdk/plugin/resource-type.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { ACCESS_NAMES, accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AwsSnapshot`. */
export const snapshotInputs = z.strictObject({
  /** The raw image on this host, of the format `aws`. Not compared: `digest` is. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** The blocks that are not all zeroes, as the build lists them. Not compared. */
  blocks: z.string(),
  description: z.string().max(255).default("made by pulumi-linuxkit"),
  tags: tags(z.string().min(1).max(127), 255),
  /** @default the account's default */
  encrypted: z.boolean().default(false),
  /** @default the account's key for EBS */
  kmsKeyArn: text.optional(),
  /** The account that the upload must go to. @default any */
  account: z
    .string()
    .regex(/^\d{12}$/, "wanted an account number of 12 digits")
    .optional(),
  ...accessInputs,
});

export type SnapshotInputs = z.infer<typeof snapshotInputs>;

/** Inputs that never force a new snapshot. */
export const NOT_COMPARED: readonly string[] = ["file", "blocks", ...ACCESS_NAMES];

/** Checks the inputs and adds defaults. Unknown leaves stay unknown. */
export function checkSnapshot(given: Properties): Checked {
  const checked = checkInputs(snapshotInputs, given);
  if (given.kmsKeyArn === undefined || checked.inputs.encrypted !== false) return checked;
  return {
    ...checked,
    failures: [
      ...(checked.failures ?? []),
      { path: "kmsKeyArn", message: "got a key for a snapshot that is not encrypted: set encrypted: true too" },
    ],
  };
}
