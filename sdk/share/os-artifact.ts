import { z } from "zod";
import { type Arch, ARCHES } from "../core/arch.ts";
import { digestSchema } from "../oci/descriptor.ts";

/** The artifact type of an operating system, in the manifest of each architecture. */
export const OS_ARTIFACT = "application/vnd.pulumi-linuxkit.os.v1";

/** The media type of a manifest's configuration: {@link OsConfig} as JSON. */
export const OS_CONFIG = "application/vnd.pulumi-linuxkit.os.config.v1+json";

/** The media type of a file, where no common one says what it is. */
export const OS_FILE = "application/vnd.pulumi-linuxkit.os.file.v1";

/** The media type of the SPDX document, and the artifact type of the referrer that holds it. */
export const SPDX = "application/spdx+json";

/** What the SPDX document's name has after that of the operating system. */
export const SBOM_SUFFIX = "-sbom.spdx.json";

/** Annotations: of the index and its manifests, and of a manifest's layers. */
export const ANNOTATION = {
  /** sha256 of the definition, the same for every architecture: what of an index belongs together. */
  definition: "vnd.pulumi-linuxkit.definition.digest",
  /** sha256 of the plan: what the OS is, in any format. */
  plan: "vnd.pulumi-linuxkit.plan.digest",
  /** Names the files' bytes: the `digest` of a build. */
  digest: "vnd.pulumi-linuxkit.digest",
  /** What a layer is: `kernel`, `initrd`, `cmdline`, `image`. */
  role: "vnd.pulumi-linuxkit.role",
  /** The file's name, under which oras writes it. */
  title: "org.opencontainers.image.title",
} as const;

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.number().int().nonnegative();

/** What is known of an OS beside its files. */
export const osConfigSchema = z.object({
  version: z.literal(1),
  arch: z.enum(ARCHES as readonly [Arch, ...Arch[]]),
  /** What the files' names begin with. */
  name: z.string().regex(/^[^/\0]+$/),
  cmdline: z.string(),
  digest: digestSchema,
  planDigest: digestSchema,
  definitionDigest: digestSchema,
  /** MiB of memory that booting takes where the root is an initramfs. */
  memoryMiB: z.number().nonnegative().optional(),
  /** By what follows `name` in a file's name: which of its blocks hold anything, for uploads that leave out the others. */
  blocks: z.record(z.string(), z.base64()).optional(),
  /** Registers of a TPM after a start, for formats of one EFI program. */
  pcrs: z.object({ 4: hex, 9: hex, 11: hex }).optional(),
  segments: z.array(z.object({ name: z.string(), size })),
  /** The build's lock: the next one of the same definition takes the same bytes. */
  lock: z.looseObject({
    version: z.literal(1),
    arch: z.enum(ARCHES as readonly [Arch, ...Arch[]]),
    debian: z.record(z.string(), z.object({ packages: z.array(z.looseObject({ sha256: hex, size })) })),
    images: z.record(z.string(), digestSchema),
  }),
  /** The SPDX document, which a referrer holds. */
  sbom: z.object({ digest: digestSchema, size }).optional(),
});

/** See {@link osConfigSchema}. */
export type OsConfig = z.output<typeof osConfigSchema>;

/** A file of an operating system on this machine. */
export interface OsFile {
  readonly role: string;
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}
