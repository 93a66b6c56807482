import { z } from "zod";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import type { Checked } from "../../../sdk/plugin/resource-type.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { ACCESS_NAMES, accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AwsSnapshot`. */
export const snapshotInputs = z.strictObject({
  /** The raw image on this host, of the format `aws`. Not compared: `digest` says whether it is another. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** Which blocks of it hold anything, as the build wrote it. Not compared. */
  blocks: z.string(),
  description: z.string().max(255).default("made by pulumi-linuxkit"),
  tags: tags(z.string().min(1).max(127), 255),
  /** @default as the account's default says */
  encrypted: z.boolean().default(false),
  /** @default the account's key for EBS */
  kmsKeyArn: text.optional(),
  /** The account that it must be: nothing is sent to another. @default any */
  account: z
    .string()
    .regex(/^\d{12}$/, "wanted the 12 digits of an account")
    .optional(),
  ...accessInputs,
});

export type SnapshotInputs = z.infer<typeof snapshotInputs>;

/** What decides nothing about what the snapshot is: where the bytes come from, and by whose leave they go. */
export const NOT_COMPARED: readonly string[] = ["file", "blocks", ...ACCESS_NAMES];

/** Checks and completes. Unknown leaves stay unknown. */
export function checkSnapshot(given: Properties): Checked {
  const checked = checkInputs(snapshotInputs, given);
  if (given.kmsKeyArn === undefined || checked.inputs.encrypted !== false) return checked;
  return {
    ...checked,
    failures: [
      ...(checked.failures ?? []),
      { path: "kmsKeyArn", message: "got a key for a snapshot that is not encrypted: set encrypted too" },
    ],
  };
}
