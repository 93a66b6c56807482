import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { METADATA_AWS } from "./cloud/metadata-aws.ts";
import { METADATA_AZURE } from "./cloud/metadata-azure.ts";
import { METADATA_GCP } from "./cloud/metadata-gcp.ts";
import { BUSYBOX_SHELL } from "./init.ts";

/** Where a cloud's metadata service is: an address, since no name is known so early. */
export const metadataEndpoint = word.regex(/^[0-9a-fA-F.:[\]]+:\d+$/, "an address and a port, such as 169.254.169.254:80");

const schema = fields({
  /** Whose service is asked: `aws` is version 2 of EC2's, `gcp` Compute Engine's, `azure` the Instance Metadata Service and the WireServer. */
  cloud: z.enum(["aws", "gcp", "azure"]),
  /** Where it is. @default "169.254.169.254:80" */
  endpoint: metadataEndpoint.optional(),
  /** Seconds to wait for it before the task fails. @default 60 */
  timeout: seconds.optional(),
  /** Azure only: whom to report to that the machine is ready, without which Azure gives up one made from a generalized image; `false` leaves it out. @default "168.63.129.16:80" */
  ready: z.union([metadataEndpoint, z.literal(false)], { error: "an address and a port, such as 168.63.129.16:80, or false" }).optional(),
});

/** Arguments of `debian.metadata`. */
export type MetadataArgs = z.input<typeof schema>;

/**
 * Reads what the cloud knows of this machine into `/run/config`, as LinuxKit's own task does: `provider`, `userdata`,
 * `hostname`, `instance_id`, `local_ipv4`, `ssh/authorized_keys`, and on EC2 and Azure `disks/NAME`, by which the disk of
 * that name is known. What the cloud has none of has no file. An onboot task, after `debian.dhcp()`; it fails where nobody answers in time.
 *
 * `gcp`: user data is the attribute `user-data`, else LinuxKit's `userdata`, else `startup-script` (which nothing runs);
 * keys are those of instance and project as Google's own guest takes them, whatever their user, none with OS Login.
 * `azure`: user data is `userData`; the provisioning medium with custom data is not read. The task reports the machine ready.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" (version 2); Compute
 * Engine, "Predefined metadata keys"; Microsoft Learn, "Azure Instance Metadata Service" and "Creating generalized images
 * without a provisioning agent".
 */
export function metadata(args: MetadataArgs): DebianImage {
  const { cloud, endpoint = "169.254.169.254:80", timeout = 60, ready } = checked("debian.metadata", schema, args);
  if (ready !== undefined && cloud !== "azure")
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `debian.metadata: ready: got ${JSON.stringify(ready)} for ${cloud}, wanted it for azure only`,
      { path: "ready" },
    );
  const at = endpoint.lastIndexOf(":");
  const { script, words } = {
    aws: { script: METADATA_AWS, words: [endpoint.slice(0, at).replace(/^\[|\]$/g, ""), endpoint.slice(at + 1), String(timeout)] },
    gcp: { script: METADATA_GCP, words: [endpoint, String(Math.ceil(timeout))] },
    azure: { script: METADATA_AZURE, words: [endpoint, String(Math.ceil(timeout)), ready === false ? "" : (ready ?? "168.63.129.16:80")] },
  }[cloud];
  const path = `usr/lib/linuxkit/metadata-${cloud}`;
  return debianImage(
    { packages: ["busybox-static"], files: [BUSYBOX_SHELL, { path, contents: script, mode: "0755" }] },
    {
      command: [`/${path}`, ...words],
      net: "host",
      binds: ["/run/config:/run/config"],
      tmpfs: ["/tmp"],
      runtime: { mkdir: ["/run/config/ssh"] },
    },
  );
}
