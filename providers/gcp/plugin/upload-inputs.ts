import { z } from "zod";
import { digest, text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { accessInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:GcpUpload`. */
export const uploadInputs = resourceInputs(
  "An image as an object of Cloud Storage.",
  {
    file: input("Path of the archive, of the format `gcp`. Not compared: `digest` is.", text, { onChange: "ignore" }),
    digest: input("sha256 of the file.", digest),
    bucket: input(
      "Name of the bucket, without `gs://`.",
      z.string().regex(/^[a-z0-9][-._a-z0-9]{1,220}[a-z0-9]$/, "a bucket name: lower-case letters, digits, - _ and ."),
    ),
    prefix: input("Prefix of the object's name: `images/`.", z.string().max(512).default("")),
    project: input(
      "Number of the project that the bucket must belong to. Not compared.",
      z.string().regex(/^\d+$/, "a project number").optional(),
      { onChange: "ignore" },
    ),
    ...accessInputs,
  },
  { onChange: "replace" },
);

export type UploadInputs = z.infer<typeof uploadInputs>;

/** Outputs of `linuxkit:index:GcpUpload`. */
export const uploadOutputs = uploadInputs.extend({
  object: input("The object's name.", z.string()),
  generation: input("The object's generation.", z.string()),
  source: input("Its URL, which Compute Engine reads a raw disk from.", z.string()),
  size: input("Bytes.", z.int()),
});

export type UploadOutputs = z.infer<typeof uploadOutputs>;
