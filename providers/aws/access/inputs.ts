import { z } from "zod";

export const text = z.string().min(1);

/** Who asks AWS, and where: inputs of every resource that does. See `AwsAccess`. */
export const accessInputs = {
  /** @default as the AWS SDK finds it */
  region: text.optional(),
  /** A profile of the shared configuration files. */
  profile: text.optional(),
  /** A role to take on. */
  assumeRole: z.strictObject({ roleArn: text, sessionName: text.optional(), externalId: text.optional() }).optional(),
} as const;
