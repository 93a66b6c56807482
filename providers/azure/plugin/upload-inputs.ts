import { z } from "zod";
import { digest, tags, text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { accessInputs, placeInputs } from "./access/inputs.ts";

/** Inputs of `linuxkit:index:AzureUpload`. */
export const uploadInputs = resourceInputs(
  "An image as a managed disk or a page blob.",
  {
    file: input("Path of the image, of the format `vhd`. Not compared: `digest` is.", text, { onChange: "ignore" }),
    digest: input("sha256 of the file.", digest),
    blocks: input("The blocks that are not all zeroes, as the build lists them.", z.string(), { onChange: "ignore" }),
    arch: input("The image's architecture.", z.enum(["amd64", "arm64"]).default("amd64")),
    tags: input(
      "Tags of the disk or blob. Azure refuses `<>%&\\?/` in keys.",
      tags(z.string().regex(/^[^<>%&\\?/]{1,512}$/, "a tag's key without < > % & \\ ? /"), 256),
      { onChange: "update" },
    ),
    ...placeInputs,
    location: input("The location, by default the resource group's.", text.optional()),
    sku: input("The performance tier of the disk.", text.default("Standard_LRS")),
    storage: input(
      "A container of a storage account, to store the image as a page blob instead of a managed disk.",
      z
        .strictObject({
          accountId: input(
            "Id of the storage account.",
            z.string().regex(/\/storageAccounts\/[a-z\d]{3,24}$/i, "the id of a storage account"),
          ),
          container: input("Name of the container.", z.string().regex(/^[a-z\d](-?[a-z\d]){2,62}$/, "a container name")),
        })
        .optional(),
    ),
    definitionId: input(
      "Id of the gallery image definition that gets a version of this image.",
      z
        .string()
        .regex(/\/galleries\/[^/]+\/images\/[^/]+$/i, "the id of a gallery image definition")
        .optional(),
    ),
    version: input(
      "The first two numbers of the version's name.",
      z
        .string()
        .regex(/^\d+\.\d+$/, "N.N, because the upload chooses the third number")
        .default("1.0"),
    ),
    ...accessInputs,
  },
  { onChange: "replace" },
);

export type UploadInputs = z.infer<typeof uploadInputs>;

/** Outputs of `linuxkit:index:AzureUpload`. */
export const uploadOutputs = uploadInputs.extend({
  name: input("Name of the disk or blob.", z.string()),
  diskId: input("Id of the managed disk; empty for a blob.", z.string()),
  blobUri: input("URL of the blob; empty for a managed disk.", z.string()),
  location: input("The location.", z.string()),
  versionName: input("Name of the version of `definitionId` for this image; empty without one.", z.string()),
});

export type UploadOutputs = z.infer<typeof uploadOutputs>;
