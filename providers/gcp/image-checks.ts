import { refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import { checkKeys } from "../../sdk/machine/secure-boot-keys.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";

/**
 * A resource's name here is the start of names that Pulumi makes, with a child's name and eight characters behind, 63 together. Pulumi
 * keeps the case of letters (pulumi-gcp's `SetAutonaming`), and Compute Engine refuses capitals ("Naming resources").
 */
const NAME = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const NAME_LIMIT = 63 - "-image-upload-1234567".length;

/** Source: Cloud Storage, "About buckets", names. */
const BUCKET = /^[a-z0-9][-._a-z0-9]{1,220}[a-z0-9]$/;

/** Checks what Google Cloud would refuse only after the upload. @throws INVALID_DEFINITION */
export function checkImage(name: string, args: MachineImageArgs): void {
  checkName(name);
  checkKeys(name, args, "gcp");
  if (args.bucket !== undefined)
    whenKnown([args.bucket], (bucket) => {
      if (!BUCKET.test(bucket))
        throw refused(name, "bucket", JSON.stringify(bucket), "a bucket's name of 3 to 222 characters, without gs://");
    });
}

/** @throws INVALID_DEFINITION for a name that the names of Google Cloud's resources cannot begin with */
export function checkName(name: string): void {
  if (NAME.test(name) && name.length <= NAME_LIMIT) return;
  throw refused(
    JSON.stringify(name),
    "name",
    name.length > NAME_LIMIT ? `${name.length} characters` : "another character",
    `at most ${NAME_LIMIT} lower-case letters, digits or -, a letter first: Google Cloud's names begin with it`,
  );
}
