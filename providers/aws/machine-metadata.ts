import { all, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Tags } from "../../sdk/machine/args.ts";

/** Every machine: version 2 of the metadata service only, and one hop, so that containers with their own network cannot reach it. */
const METADATA_OPTIONS = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };

/**
 * A machine's tags and metadata options: it reads its own tags from metadata where it has volumes or secrets.
 *
 * @param tags for people
 * @param guestTags that the guest reads
 */
export function machineMetadata(tags: Output<Record<string, string>>, guestTags: readonly Tags[]) {
  if (guestTags.length === 0) return { metadataOptions: METADATA_OPTIONS, tags };
  return {
    metadataOptions: { ...METADATA_OPTIONS, instanceMetadataTags: "enabled" },
    tags: all([tags, output(guestTags)]).apply(([tags, more]): Record<string, string> => Object.assign({}, readable(tags), ...more)),
  };
}

// EC2 User Guide, "View tags for your EC2 instances using instance metadata": EC2 refuses to launch an instance with other keys
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wrong = Object.keys(tags).find((key) => /[^A-Za-z0-9+\-=.,_:@]/.test(key));
  if (wrong !== undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `tags: got the key ${JSON.stringify(wrong)}, wanted only letters, digits and + - = . , _ : @, because a machine with volumes or secrets reads its tags from metadata`,
      { path: "tags" },
    );
  return tags;
}
