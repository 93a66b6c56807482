import { z } from "zod";
import { isDigest } from "../../sdk/core/digest.ts";
import { formatPath, type Step } from "../../sdk/core/property-path.ts";
import type { Checked } from "../../sdk/plugin/resource-type.ts";
import { hasUnknown, type Properties } from "../../sdk/plugin/value.ts";

const digest = z.custom<`sha256:${string}`>((value) => typeof value === "string" && isDigest(value), "wanted sha256: and 64 hexadecimal digits");
const text = z.string().min(1);

/** Inputs of `linuxkit:index:AwsSnapshot`. */
export const snapshotInputs = z.strictObject({
  /** The raw image on this host, of the format `aws`. Not compared: `digest` says whether it is another. */
  file: text,
  /** sha256 of the file. */
  digest,
  /** Which blocks of it hold anything, as the build wrote it. Not compared. */
  blocks: z.string(),
  description: z.string().max(255).default("made by pulumi-linuxkit"),
  tags: z.record(z.string().min(1).max(127), z.string().max(255)).default({}),
  /** @default as the account's default says */
  encrypted: z.boolean().default(false),
  /** @default the account's key for EBS */
  kmsKeyArn: text.optional(),
  /** @default as the AWS SDK finds it */
  region: text.optional(),
  /** The account that it must be: nothing is sent to another. @default any */
  account: z.string().regex(/^\d{12}$/, "wanted the 12 digits of an account").optional(),
  /** A profile of the shared configuration files. */
  profile: text.optional(),
  /** A role to take on. */
  assumeRole: z.strictObject({ roleArn: text, sessionName: text.optional(), externalId: text.optional() }).optional(),
});

export type SnapshotInputs = z.infer<typeof snapshotInputs>;

/** What decides nothing about what the snapshot is: where the bytes come from, and by whose leave they go. */
export const NOT_COMPARED: readonly string[] = ["file", "blocks", "profile", "assumeRole"];

/** Checks and completes. Unknown leaves stay unknown. */
export function checkSnapshot(given: Properties): Checked {
  const unknown = Object.entries(given).filter(([, value]) => hasUnknown(value)).map(([name]) => name);
  const known = Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== null && !unknown.includes(name)));
  const parsed = snapshotInputs.partial(Object.fromEntries(unknown.map((name) => [name, true])) as never).safeParse(known);
  if (parsed.success) {
    const { encrypted, kmsKeyArn } = parsed.data as Partial<SnapshotInputs>;
    const inputs: Properties = { ...(parsed.data as Properties), ...Object.fromEntries(unknown.map((name) => [name, given[name]])) };
    if (kmsKeyArn !== undefined && encrypted === false) return { inputs, failures: [{ path: "kmsKeyArn", message: "got a key for a snapshot that is not encrypted: set encrypted too" }] };
    return { inputs };
  }
  return { inputs: given, failures: parsed.error.issues.map(({ path, message }) => ({ path: formatPath(path as Step[]), message: message.toLowerCase() })) };
}
