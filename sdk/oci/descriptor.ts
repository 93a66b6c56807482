import { z } from "zod";
import { type Digest, isDigest } from "../core/digest.ts";
import { mapOf } from "../schema/list-of.ts";

/** The platform of a manifest or an index (image-spec, image-index.md). */
export interface Platform {
  /** `linux` */
  readonly os: string;
  /** As Go spells it: `amd64`, `arm64`, `s390x`… */
  readonly architecture: string;
  readonly variant?: string | undefined;
}

/** A pointer to content, with its type, size and digest (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly platform?: Platform | undefined;
  readonly artifactType?: string | undefined;
}

export const digestSchema = z.custom<Digest>((value) => typeof value === "string" && isDigest(value), {
  error: (issue) => `got ${JSON.stringify(issue.input)?.slice(0, 100)}, wanted sha256: and 64 hexadecimal digits`,
});

/** An optional member. Writers in Go and Java give `null` for one that they leave out. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

export const annotationsSchema = mapOf(z.string());

/** Messages show it as it is. A media type (RFC 6838) or a part of a platform is ASCII without control characters. */
export const nameSchema = z
  .string()
  .max(255)
  .regex(/^[\x20-\x7e]*$/, "wanted printable ASCII");

// without both names, such as buildah's empty object, it says nothing
const platformSchema = z
  .object({ os: optional(nameSchema), architecture: optional(nameSchema), variant: optional(nameSchema) })
  .transform(({ os, architecture, variant }) => (os && architecture ? { os, architecture, ...(variant && { variant }) } : undefined));

export const descriptorSchema = z.object({
  mediaType: nameSchema.min(1),
  digest: digestSchema,
  size: z.number().int().nonnegative(),
  annotations: optional(annotationsSchema),
  platform: optional(platformSchema),
  artifactType: optional(nameSchema),
});
