import { z } from "zod";
import { tags, text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { accessInputs } from "./access/inputs.ts";

const buffers = z.array(z.strictObject({ content: text, fileType: z.enum(["BIN", "X509"]).optional() }));

/** Inputs of `linuxkit:index:GcpImage`, named as in Compute Engine's API. */
export const imageInputs = resourceInputs(
  "An image of Compute Engine with an architecture.",
  {
    project: input("Id of the image's project.", text),
    name: input(
      "The image's name, by default the resource's with seven random digits.",
      z
        .string()
        .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, "a name of at most 63 lower-case letters, digits or -, a letter first")
        .optional(),
    ),
    architecture: input("The architecture of the machines that it starts.", z.enum(["X86_64", "ARM64"])),
    description: input("A description.", z.string().optional()),
    family: input("The family whose newest image it is.", z.string().optional()),
    rawDisk: input(
      "The archive of the disk, in Cloud Storage.",
      z.strictObject({ source: z.url(), containerType: z.literal("TAR").default("TAR"), sha1: z.string().optional() }),
    ),
    diskSizeGb: input("Size of a disk of it, by default the archive's.", z.int().min(1).optional()),
    guestOsFeatures: input("What the guest supports.", z.array(z.strictObject({ type: text })).default([])),
    labels: input("Labels.", tags(z.string().min(1).max(63), 63), { onChange: "update" }),
    storageLocations: input("The region or multi-region that stores it.", z.array(text).max(1).optional()),
    shieldedInstanceInitialState: input(
      "Keys that the firmware of its machines trusts.",
      z.strictObject({ pk: buffers.element, keks: buffers, dbs: buffers, dbxs: buffers.optional() }).optional(),
    ),
    ...accessInputs,
  },
  { onChange: "replace" },
);

export type ImageInputs = z.infer<typeof imageInputs>;

/** Outputs of `linuxkit:index:GcpImage`. */
export const imageOutputs = imageInputs.extend({
  name: input("The image's name.", z.string()),
  selfLink: input("Its link.", z.string()),
  diskSizeGb: input("GB of a disk of it.", z.int()),
});

export type ImageOutputs = z.infer<typeof imageOutputs>;
