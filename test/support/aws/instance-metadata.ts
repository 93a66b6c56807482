/**
 * Plays the content of EC2's instance metadata, version 2, for a machine with a role and tags.
 *
 * Source: Amazon EC2 User Guide, "Instance metadata categories".
 */
import type { RoleCredentials } from "./signature.ts";

/** Credentials of the test machine's role. */
export const ROLE: RoleCredentials = {
  AccessKeyId: "ASIATESTTESTTESTTEST",
  SecretAccessKey: "wJalr/UtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY",
  Token: `IQoJb3JpZ2lu//${"x".repeat(900)}==`,
};

/** Each document by its path below `/latest/`. */
export function instanceMetadata(
  tags: Readonly<Record<string, string>> | undefined,
  role: RoleCredentials | undefined = ROLE,
): Record<string, string> {
  return {
    "meta-data/placement/region": "eu-central-1",
    "meta-data/services/domain": "amazonaws.com",
    ...(role && {
      "meta-data/iam/security-credentials/": "web",
      "meta-data/iam/security-credentials/web": JSON.stringify(
        { Code: "Success", LastUpdated: "2026-01-01T00:00:00Z", Type: "AWS-HMAC", ...role, Expiration: "2036-01-01T00:00:00Z" },
        undefined,
        2,
      ),
    }),
    ...(tags && {
      "meta-data/tags/instance": Object.keys(tags).join("\n"),
      ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`meta-data/tags/instance/${key}`, value])),
    }),
  };
}
