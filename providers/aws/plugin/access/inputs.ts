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

/** One role is a list of one: what is wrong with it is named then. */
const roles = z.preprocess(
  (given) => (typeof given === "object" && given !== null && !Array.isArray(given) ? [given] : given),
  z.array(role),
);

/** Who asks AWS, and where: inputs of every resource that does. See `AwsAccess`. */
export const accessInputs = {
  /** @default as the AWS SDK finds it */
  region: text.optional(),
  /** A profile of the shared configuration files. */
  profile: text.optional(),
  accessKey: text.optional(),
  secretKey: text.optional(),
  token: text.optional(),
  /** A role to take on, or several, each by the one before it. */
  assumeRole: roles.optional(),
} as const;

/** Inputs that say by whose leave it is done, and nothing about what is made. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs).filter((name) => name !== "region");
