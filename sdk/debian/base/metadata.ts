import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";

/** The address of a cloud's metadata service. It is not a name, because names cannot be resolved that early in the boot. */
export const metadataEndpoint = word.regex(/^[0-9a-fA-F.:[\]]+:\d+$/, "an address and a port, such as 169.254.169.254:80");

/** The schema of {@link MetadataArgs}. */
export const metadataSchema = fields({
  cloud: z.enum(["aws", "gcp", "azure"]),
  endpoint: metadataEndpoint.optional(),
  timeout: seconds.optional(),
  ready: z.union([metadataEndpoint, z.literal(false)], { error: "an address and a port, such as 168.63.129.16:80, or false" }).optional(),
});

/** Arguments of `debian.metadata`. */
export interface MetadataArgs {
  /**
   * The cloud: `aws` uses version 2 of EC2's metadata service, `gcp` Compute Engine's, `azure` the Instance Metadata Service
   * and the WireServer.
   */
  readonly cloud: "aws" | "gcp" | "azure";
  /** The address and port of the metadata service. @default "169.254.169.254:80" @example "[fd00:ec2::254]:80" */
  readonly endpoint?: string | undefined;
  /** Seconds to wait for it before the task fails. @default 60 @example 120 */
  readonly timeout?: number | undefined;
  /**
   * Azure only: the address and port of the WireServer, to which the task reports the machine ready. Without the report,
   * Azure abandons a machine made from a generalized image. `false` does not report.
   * @default "168.63.129.16:80"
   * @example false
   */
  readonly ready?: string | false | undefined;
}

/**
 * Reads the machine's metadata from the cloud into `/run/config`, like LinuxKit's own task: `provider`, `userdata`,
 * `hostname`, `instance_id`, `local_ipv4`, `ssh/authorized_keys`, and on EC2 and Azure `disks/NAME` with the serial of the
 * disk of that name. It writes no file for a value that the cloud does not have. Use it as an onboot task after
 * `debian.dhcp()`; it fails if the metadata service does not answer in time.
 *
 * `gcp`: user data is the attribute `user-data`, otherwise LinuxKit's `userdata`, otherwise `startup-script` (which is not
 * run). The keys are those of the instance and the project, as in Google's own guest but for any user; with OS Login it
 * takes no keys. `azure`: user data is `userData`; the provisioning medium with custom data is not read.
 *
 * Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" (version 2); Compute
 * Engine, "Predefined metadata keys"; Microsoft Learn, "Azure Instance Metadata Service" and "Creating generalized images
 * without a provisioning agent".
 *
 * @throws INVALID_DEFINITION
 */
export function metadata(args: MetadataArgs): DebianImage {
  const { cloud, endpoint = "169.254.169.254:80", timeout = 60, ready } = checked("debian.metadata", metadataSchema, args);
  if (ready !== undefined && cloud !== "azure")
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `debian.metadata: ready: got ${JSON.stringify(ready)} for ${cloud}, but only azure supports it`,
      { path: "ready" },
    );
  const wireServer = cloud === "azure" && ready !== false ? [ready ?? "168.63.129.16:80"] : [];
  return debianImage(
    { program: "linuxkitd" },
    {
      command: ["/usr/bin/linuxkitd", "metadata", cloud, endpoint, String(Math.ceil(timeout)), ...wireServer],
      net: "host",
      binds: ["/run/config:/run/config"],
      runtime: { mkdir: ["/run/config/ssh"] },
    },
  );
}
