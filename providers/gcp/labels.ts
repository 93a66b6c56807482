import { type Output, output } from "@pulumi/pulumi/output.js";
import type { Digest } from "../../sdk/core/digest.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Tags } from "../../sdk/machine/args.ts";

/** Keys and values that Google Cloud accepts as labels. Source: Compute Engine, "Requirements for labels". */
const KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

/** Tags as Google Cloud's labels, unchanged. @throws INVALID_DEFINITION for a tag that Google Cloud would refuse */
export function labelsOf(tags: Tags | undefined): Output<Record<string, string>> {
  return output(tags ?? {}).apply((tags): Record<string, string> => {
    for (const [key, value] of Object.entries(tags)) {
      const refuse = (what: string, wanted: string): never => {
        throw new LinuxKitError("INVALID_DEFINITION", `tags: got ${what}, wanted ${wanted}: tags become labels on Google Cloud`, {
          path: "tags",
        });
      };
      if (!KEY.test(key)) refuse(`the key ${JSON.stringify(key)}`, "at most 63 lower-case letters, digits, _ or -, a letter first");
      if (!VALUE.test(value)) refuse(`${JSON.stringify(value)} for ${key}`, "at most 63 lower-case letters, digits, _ or -");
    }
    return { ...tags };
  });
}

/** The label with the digest of the build that an image holds: 63 of its 64 digits, because a label has no room for more. */
export const BUILD_LABEL = "linuxkit-build";

/** The value of {@link BUILD_LABEL}. */
export function labelOfDigest(digest: Digest): string {
  return digest.slice("sha256:".length, "sha256:".length + 63);
}
