import { z } from "zod";
import { digest, text } from "../../../sdk/plugin/fields.ts";
import { ACCESS_NAMES, accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:GcpUpload`. */
export const uploadInputs = z.strictObject({
  /** The archive on this host, of the format `gcp`. Not compared: `digest` is. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** The name without `gs://`. */
  bucket: z.string().regex(/^[a-z0-9][-._a-z0-9]{1,220}[a-z0-9]$/, "wanted a bucket name: lower-case letters, digits, - _ and ."),
  /** Prefix of the object's name: `images/`. */
  prefix: z.string().max(512).default(""),
  /** Number of the project that the bucket must belong to. Not compared. @default any */
  project: z.string().regex(/^\d+$/, "wanted a project number").optional(),
  ...accessInputs,
});

export type UploadInputs = z.infer<typeof uploadInputs>;

/** Inputs that never force a new object. */
export const NOT_COMPARED: readonly string[] = ["file", "project", ...ACCESS_NAMES];
