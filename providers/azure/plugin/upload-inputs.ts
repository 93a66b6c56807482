import { z } from "zod";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import { ACCESS_NAMES, accessInputs, placeInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AzureUpload`. */
export const uploadInputs = z.strictObject({
  /** The image on this host, of the format `vhd`. Not compared: `digest` says whether it is another. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** Which blocks of it hold anything, as the build wrote it. Not compared. */
  blocks: z.string(),
  arch: z.enum(["amd64", "arm64"]).default("amd64"),
  /** Azure takes no `<>%&\?/` in the name of a tag. */
  tags: tags(z.string().regex(/^[^<>%&\\?/]{1,512}$/, "wanted the name of a tag, without < > % & \\ ? /"), 256),
  ...placeInputs,
  /** @default the resource group's own */
  location: text.optional(),
  /** What the disk costs and how quick it is. */
  sku: text.default("Standard_LRS"),
  /** A container of a storage account to hold the image as a page blob. @default none: it is a managed disk */
  storage: z
    .strictObject({
      accountId: z.string().regex(/\/storageAccounts\/[a-z\d]{3,24}$/i, "wanted the id of a storage account"),
      container: z.string().regex(/^[a-z\d](-?[a-z\d]){2,62}$/, "wanted the name of a container"),
    })
    .optional(),
  /** The gallery image definition that is to have a version of this image. @default none: no version is counted */
  definitionId: z
    .string()
    .regex(/\/galleries\/[^/]+\/images\/[^/]+$/i, "wanted the id of a gallery image definition")
    .optional(),
  /** What the version's name begins with. */
  version: z
    .string()
    .regex(/^\d+\.\d+$/, "wanted N.N: the third number is counted")
    .default("1.0"),
  ...accessInputs,
});

export type UploadInputs = z.infer<typeof uploadInputs>;

/** What decides nothing about what the upload is: where the bytes come from, and by whose leave they go. */
export const NOT_COMPARED: readonly string[] = ["file", "blocks", ...ACCESS_NAMES];
