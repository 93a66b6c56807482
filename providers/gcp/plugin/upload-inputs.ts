import { z } from "zod";
import { digest, text } from "../../../sdk/plugin/fields.ts";
import { ACCESS_NAMES, accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:GcpUpload`. */
export const uploadInputs = z.strictObject({
  /** The archive on this host, of the format `gcp`. Not compared: `digest` says whether it is another. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** The name alone, without `gs://`. */
  bucket: z.string().regex(/^[a-z0-9][-._a-z0-9]{1,220}[a-z0-9]$/, "wanted the name of a bucket: lower-case letters, digits, - _ and ."),
  /** What the object's name begins with: `images/`. */
  prefix: z.string().max(512).default(""),
  /** The number of the project that the bucket must belong to: nothing is sent to another's. Not compared. @default any */
  project: z.string().regex(/^\d+$/, "wanted the number of a project").optional(),
  ...accessInputs,
});

export type UploadInputs = z.infer<typeof uploadInputs>;

/** What decides nothing about what the object is: where the bytes come from, and by whose leave they go. */
export const NOT_COMPARED: readonly string[] = ["file", "project", ...ACCESS_NAMES];
