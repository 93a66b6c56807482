import { z } from "zod";
import { type Arch, ARCHES } from "../core/arch.ts";
import { listOf, mapOf } from "../schema/list-of.ts";
import { digestSchema } from "../oci/descriptor.ts";

/** The artifact type of an operating system, in the manifest of each architecture. */
export const OS_ARTIFACT = "application/vnd.pulumi-linuxkit.os.v1";

/** The media type of a manifest's configuration: {@link OsConfig} as JSON. */
export const OS_CONFIG = "application/vnd.pulumi-linuxkit.os.config.v1+json";

/** The media type of a file that has no common one. */
export const OS_FILE = "application/vnd.pulumi-linuxkit.os.file.v1";

/** The media type of the SPDX document, and the artifact type of the referrer that holds it. */
export const SPDX = "application/spdx+json";

/** The end of the SPDX document's file name, after the operating system's name. */
export const SBOM_SUFFIX = "-sbom.spdx.json";

/** Annotations of the index, its manifests, and their layers. */
export const ANNOTATION = {
  /** sha256 of the definition, the same for every architecture: the manifests of an index share it. */
  definition: "vnd.pulumi-linuxkit.definition.digest",
  /** sha256 of the plan, the same in every format. */
  plan: "vnd.pulumi-linuxkit.plan.digest",
  /** The `digest` of a build, which identifies the bytes of its files. */
  digest: "vnd.pulumi-linuxkit.digest",
  /** The role of a layer's file: `kernel`, `initrd`, `cmdline`, `image`. */
  role: "vnd.pulumi-linuxkit.role",
  /** The file's name; oras writes a layer to a file of this name. */
  title: "org.opencontainers.image.title",
} as const;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.number().int().nonnegative();

/** The facts about an operating system that its files do not hold. */
export const osConfigSchema = z.object({
  version: z.literal(1),
  arch: z.enum(ARCHES as readonly [Arch, ...Arch[]]),
  /** The start of every file's name. */
  name: z.string().regex(/^[^/\0]+$/),
  cmdline: z.string(),
  digest: digestSchema,
  planDigest: digestSchema,
  definitionDigest: digestSchema,
  /** Memory that booting takes in MiB, for a root that is an initramfs. */
  memoryMiB: z.number().nonnegative().optional(),
  /** The block map of each file, by the rest of its name after `name`: which blocks an upload must send. */
  blocks: mapOf(z.base64()).optional(),
  /** PCRs of a TPM after a boot, for formats that start one EFI program: 64 hexadecimal digits each. */
  pcrs: z.object({ 4: hex, 9: hex, 11: hex }).optional(),
  segments: listOf(z.object({ name: z.string(), size, unpacked: size.optional() })),
  /** The build's lock, with which the next build of the same definition uses the same versions. */
  lock: z.looseObject({
    version: z.literal(1),
    arch: z.enum(ARCHES as readonly [Arch, ...Arch[]]),
    debian: mapOf(z.object({ packages: listOf(z.looseObject({ sha256: hex, size })) })),
    images: mapOf(digestSchema),
  }),
  /** The SPDX document, which a referrer of the manifest holds. */
  sbom: z.object({ digest: digestSchema, size }).optional(),
});

/** See {@link osConfigSchema}. */
export type OsConfig = z.output<typeof osConfigSchema>;

/** A local file of an operating system. */
export interface OsFile {
  readonly role: string;
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}
