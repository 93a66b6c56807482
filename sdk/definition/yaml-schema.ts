import { z } from "zod";
import { containerFields } from "./container-fields.ts";
import { containerName, fields, modeWanted, owner, text, treePath, word } from "./fields.ts";
import { volumeName } from "./volume.ts";

const container = z.array(fields({ name: containerName, image: word, ...containerFields }));

const file = fields({
  path: treePath,
  directory: z.boolean().optional(),
  symlink: z.string().optional(),
  contents: z.string().optional(),
  source: z.string().optional(),
  metadata: z.enum(["yaml", "json", ""]).optional(),
  optional: z.boolean().optional(),
  mode: z
    .string({ error: ({ input }) => modeWanted(input) })
    .regex(/^(?:0?[0-7]{1,4})?$/, modeWanted(undefined))
    .optional(),
  uid: owner.optional(),
  gid: owner.optional(),
}).superRefine((value, context) => {
  const wrong = (message: string): void => context.addIssue({ code: "custom", message });
  if (value.directory && value.contents !== undefined) wrong("a directory without contents");
  // LinuxKit uses the first of these that it finds, and ignores the rest
  if (value.directory || value.symlink) return;
  const given = (["contents", "source", "metadata"] as const).filter((kind) =>
    kind === "contents" ? value[kind] !== undefined : Boolean(value[kind]),
  );
  if (given.length !== 1)
    wrong(`exactly one of directory, symlink, contents, source and metadata${given.length > 1 ? `, not ${given.join(" and ")}` : ""}`);
});

/** LinuxKit's YAML, by its own schema: no unknown fields, no values of another type. */
export const yamlSchema = fields({
  kernel: fields({
    image: text.optional(),
    cmdline: text.optional(),
    binary: text.optional(),
    tar: text.optional(),
    ucode: text.optional(),
  }).optional(),
  init: z.array(word).optional(),
  onboot: container.optional(),
  onshutdown: container.optional(),
  services: container.optional(),
  volumes: z
    .array(
      fields({
        name: volumeName,
        image: text.optional(),
        readonly: z.boolean().optional(),
        format: z.enum(["filesystem", "oci"]).optional(),
        platforms: z.array(word).optional(),
      }),
    )
    .optional(),
  files: z.array(file).optional(),
  /** Accepted without effect: LinuxKit has removed the feature. */
  trust: fields({ image: z.array(z.string()).optional(), org: z.array(z.string()).optional() }).optional(),
});

/** LinuxKit's YAML once it has been checked. */
export type Yaml = z.output<typeof yamlSchema>;
