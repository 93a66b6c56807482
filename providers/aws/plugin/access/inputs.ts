import { z } from "zod";
import { text } from "../../../../sdk/plugin/fields.ts";
import { input } from "../../../../sdk/plugin/input.ts";

const role = z.strictObject({
  roleArn: input("ARN of the role.", text),
  sessionName: input("Name of the session.", text.optional()),
  externalId: input("The external id that the role's trust policy asks for.", text.optional()),
  policy: input("A policy in JSON that limits the session's permissions.", text.optional()),
  policyArns: input("ARNs of policies that limit the session's permissions.", z.array(text).optional()),
  sourceIdentity: input("The source identity of the session.", text.optional()),
  tags: input("Tags of the session.", z.record(text, z.string()).optional()),
  transitiveTagKeys: input("Keys of tags that later roles of a chain inherit.", z.array(text).optional()),
});

/** A single role becomes a list of one, so that errors name its members. */
const roles = z.preprocess(
  (given) => (typeof given === "object" && given !== null && !Array.isArray(given) ? [given] : given),
  z.array(role),
);

const region = input("The region.", text.optional());

const credentials = {
  profile: input("A profile of the shared configuration files.", text.optional(), { onChange: "ignore" }),
  accessKey: input("An access key, together with `secretKey`.", text.optional(), { onChange: "ignore", secret: true }),
  secretKey: input("The secret key of `accessKey`.", text.optional(), { onChange: "ignore", secret: true }),
  token: input("The session token of temporary keys.", text.optional(), { onChange: "ignore", secret: true }),
  assumeRole: input("Roles to assume, each assumed with the one before.", roles.optional(), { onChange: "ignore" }),
} as const;

/** Credentials and region: inputs of every resource that uses AWS. See `AwsAccess`. */
export const accessInputs = { region, ...credentials } as const;

/** The packages that `clients.ts` loads. */
export const CLIENT_PACKAGES: readonly string[] = ["@aws-sdk/client-ebs", "@aws-sdk/client-ec2", "@aws-sdk/client-sts"];

/** Inputs that are credentials: their change never changes the resource. */
export const ACCESS_NAMES: readonly string[] = Object.keys(credentials);
