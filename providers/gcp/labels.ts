import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { Digest } from "../../sdk/core/digest.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";

/** Tags of all that is made, which Google Cloud calls labels. */
export type Tags = Input<Readonly<Record<string, Input<string>>>> | undefined;

/** What Google Cloud takes as a label. Source: Compute Engine, "Requirements for labels". */
const KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

/** Tags as labels, each as it is: none is changed to fit. @throws INVALID_DEFINITION for one that Google Cloud would refuse */
export function labelsOf(tags: Tags): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => {
    for (const [key, value] of Object.entries(tags)) {
      const refuse = (what: string, wanted: string): never => {
        throw new LinuxKitError("INVALID_DEFINITION", `tags: got ${what}, wanted ${wanted}: Google Cloud takes no other as a label`, {
          path: "tags",
        });
      };
      if (!KEY.test(key)) refuse(`the key ${JSON.stringify(key)}`, "at most 63 lower-case letters, digits, _ or -, a letter first");
      if (!VALUE.test(value)) refuse(`${JSON.stringify(value)} for ${key}`, "at most 63 lower-case letters, digits, _ or -");
    }
    return { ...tags };
  });
}

/** Says which build an image holds: a label has room for 63 of the 64 digits of its digest, and takes no colon. */
export const BUILD_LABEL = "linuxkit-build";

/** The value of {@link BUILD_LABEL}. */
export function labelOfDigest(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 63);
}
