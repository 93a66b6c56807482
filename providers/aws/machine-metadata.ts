import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";

/** What launches any machine of ours: version 2 of the metadata service only, not to be reached from a container's own network. */
const METADATA_OPTIONS = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };

/**
 * How a machine is launched that learns things from its own tags: with them in its metadata where there are any.
 *
 * @param tags all others that it has
 */
export function machineMetadata(tags: Output<Record<string, string>>, told: readonly Input<Readonly<Record<string, Input<string>>>>[]) {
  if (told.length === 0) return { metadataOptions: METADATA_OPTIONS, tags };
  return {
    metadataOptions: { ...METADATA_OPTIONS, instanceMetadataTags: "enabled" },
    tags: all([tags, output(told)]).apply(([tags, told]): Record<string, string> => Object.assign({}, readable(tags), ...told)),
  };
}

// EC2 User Guide, "View tags for your EC2 instances using instance metadata": it refuses the instance for such a key
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wrong = Object.keys(tags).find((key) => /[^A-Za-z0-9+\-=.,_:@]/.test(key));
  if (wrong !== undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `tags: got the key ${JSON.stringify(wrong)}, wanted letters, digits and any of + - = . , _ : @ where a machine has volumes or secrets: it reads its tags`,
      { path: "tags" },
    );
  return tags;
}
