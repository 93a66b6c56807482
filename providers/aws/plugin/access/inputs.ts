import { z } from "zod";
import { text } from "../../../../sdk/plugin/fields.ts";

const role = z.strictObject({
  roleArn: text,
  sessionName: text.optional(),
  externalId: text.optional(),
  policy: text.optional(),
  policyArns: z.array(text).optional(),
  sourceIdentity: text.optional(),
  tags: z.record(text, z.string()).optional(),
  transitiveTagKeys: z.array(text).optional(),
});

/** A single role becomes a list of one, so that errors name its members. */
const roles = z.preprocess(
  (given) => (typeof given === "object" && given !== null && !Array.isArray(given) ? [given] : given),
  z.array(role),
);

/** Credentials and region: inputs of every resource that uses AWS. See `AwsAccess`. */
export const accessInputs = {
  /** @default what the AWS SDK finds */
  region: text.optional(),
  /** A profile of the shared configuration files. */
  profile: text.optional(),
  accessKey: text.optional(),
  secretKey: text.optional(),
  token: text.optional(),
  /** A role to assume, or several, each assumed with the one before. */
  assumeRole: roles.optional(),
} as const;

/** Inputs that are credentials: their change never changes the resource. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs).filter((name) => name !== "region");
