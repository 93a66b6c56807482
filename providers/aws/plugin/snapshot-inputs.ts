import { z } from "zod";
import type { Rule } from "../../../sdk/plugin/check-inputs.ts";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AwsSnapshot`. */
export const snapshotInputs = resourceInputs(
  "An EBS snapshot with the bytes of an image.",
  {
    file: input("Path of the raw image, of the format `aws`. Not compared: `digest` is.", text, { onChange: "ignore" }),
    digest: input("sha256 of the file.", digest),
    blocks: input("The blocks that are not all zeroes, as the build lists them.", z.string(), { onChange: "ignore" }),
    description: input("The snapshot's description.", z.string().max(255).default("made by pulumi-linuxkit"), { onChange: "update" }),
    tags: input("Tags of the snapshot.", tags(z.string().min(1).max(127), 255), { onChange: "update" }),
    encrypted: input("Whether to encrypt it; false means the account's default.", z.boolean().default(false)),
    kmsKeyArn: input("ARN of a KMS key to encrypt it with, instead of the account's key for EBS.", text.optional()),
    account: input(
      "The account that the upload must go to.",
      z
        .string()
        .regex(/^\d{12}$/, "an account number of 12 digits")
        .optional(),
    ),
    ...accessInputs,
  },
  { onChange: "replace" },
);

export type SnapshotInputs = z.infer<typeof snapshotInputs>;

/** Outputs of `linuxkit:index:AwsSnapshot`. */
export const snapshotOutputs = snapshotInputs.extend({
  snapshotId: input("The snapshot's id.", z.string()),
  region: input("The region.", z.string()),
  account: input("The account, 12 digits.", z.string()),
  sizeGiB: input("GiB.", z.int()),
  isEncrypted: input("Whether it is encrypted, by request or by the account's default.", z.boolean()),
});

export type SnapshotOutputs = z.infer<typeof snapshotOutputs>;

/** A key belongs to an encrypted snapshot. */
export const keyNeedsEncryption: Rule = ({ kmsKeyArn, encrypted }, fail) => {
  if (kmsKeyArn !== undefined && encrypted === false)
    fail(["kmsKeyArn"], "got a key for a snapshot that is not encrypted: set encrypted: true too");
};
