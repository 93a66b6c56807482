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

// without both names, such as buildah's empty object, it says nothing
const platformSchema = z
  .object({ os: optional(z.string()), architecture: optional(z.string()), variant: optional(z.string()) })
  .transform(({ os, architecture, variant }) => (os && architecture ? { os, architecture, ...(variant && { variant }) } : undefined));

export const descriptorSchema = z.object({
  mediaType: z.string().min(1).max(255),
  digest: digestSchema,
  size: z.number().int().nonnegative(),
  annotations: optional(annotationsSchema),
  platform: optional(platformSchema),
  artifactType: optional(z.string()),
});
