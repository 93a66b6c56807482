import { z } from "zod";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import { ACCESS_NAMES, accessInputs, placeInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AzureUpload`. */
export const uploadInputs = z.strictObject({
  /** The image on this host, of the format `vhd`. Not compared: `digest` is. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** The blocks that are not all zeroes, as the build lists them. Not compared. */
  blocks: z.string(),
  arch: z.enum(["amd64", "arm64"]).default("amd64"),
  /** Azure refuses `<>%&\?/` in the key of a tag. */
  tags: tags(z.string().regex(/^[^<>%&\\?/]{1,512}$/, "wanted a tag's key without < > % & \\ ? /"), 256),
  ...placeInputs,
  /** @default the resource group's */
  location: text.optional(),
  /** The performance tier of the disk. */
  sku: text.default("Standard_LRS"),
  /** A container of a storage account, to store the image as a page blob. @default none: a managed disk */
  storage: z
    .strictObject({
      accountId: z.string().regex(/\/storageAccounts\/[a-z\d]{3,24}$/i, "wanted the id of a storage account"),
      container: z.string().regex(/^[a-z\d](-?[a-z\d]){2,62}$/, "wanted a container name"),
    })
    .optional(),
  /** Id of the gallery image definition that gets a version of this image. @default none */
  definitionId: z
    .string()
    .regex(/\/galleries\/[^/]+\/images\/[^/]+$/i, "wanted the id of a gallery image definition")
    .optional(),
  /** The first two numbers of the version's name. */
  version: z
    .string()
    .regex(/^\d+\.\d+$/, "wanted N.N, because the upload chooses the third number")
    .default("1.0"),
  ...accessInputs,
});

export type UploadInputs = z.infer<typeof uploadInputs>;

/** Inputs that never force a new upload. */
export const NOT_COMPARED: readonly string[] = ["file", "blocks", ...ACCESS_NAMES];
