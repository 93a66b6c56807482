import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Tags } from "../../sdk/machine/args.ts";
import { matching, refuser, ruled } from "../../sdk/machine/check-arguments.ts";
import { ruledTags } from "./tags.ts";

/** The arguments of a machine image that are checked here. */
interface ImageArguments {
  readonly description?: Input<string> | undefined;
  readonly tags?: Tags | undefined;
  readonly encrypted?: Input<boolean> | undefined;
  readonly kmsKeyArn?: Input<string> | undefined;
  readonly copyTo?: readonly string[] | undefined;
  readonly copyKmsKeyArns?: Readonly<Record<string, Input<string>>> | undefined;
}

/** Source: Amazon EC2 API Reference, "RegisterImage", Name: 3 to 128 characters, of which the component adds up to 23. */
const imageName = matching(
  /^[A-Za-z0-9()[\] ./'@_-]{1,105}$/,
  "at most 105 letters, digits, spaces and ( ) [ ] . / - ' @ _: it begins the AMI's name",
);

/** Source: EBS direct APIs Reference, "StartSnapshot", Description; RegisterImage allows no more. */
const description = matching(/^[\s\S]{1,255}$/, "1 to 255 characters");

/** Source: EBS direct APIs Reference, "StartSnapshot", KmsKeyArn. An alias is no key's ARN. */
const keyArn = matching(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/.+$/, "the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID");

const regionName = matching(/^[a-z]{2}(?:-[a-z]+)+-\d+$/, "a region, such as eu-central-1");

/** The region in a key's ARN. */
export function regionOfKey(arn: string): string {
  return arn.split(":")[3] ?? "";
}

/**
 * The key of a copy for which the program names none: the replica of the image's multi-Region key.
 *
 * Source: Amazon EC2 API Reference, "CopyImage" (a copy is encrypted with a key of its own region); AWS KMS Developer Guide,
 * "Multi-Region keys" (related keys have the same id, which begins with mrk-, and ARNs that differ in the region).
 *
 * @throws INVALID_DEFINITION for a key of one region only
 */
export function keyOfCopy(name: string, to: string, kmsKeyArn: string): string {
  if (!/:key\/mrk-[^/]+$/.test(kmsKeyArn))
    refuser(`machine image "${name}"`)(
      "copyTo",
      `got ${to}, where the key ${kmsKeyArn} cannot be used: name a key of that region in copyKmsKeyArns, or use a multi-Region key`,
    );
  return kmsKeyArn.replace(`:kms:${regionOfKey(kmsKeyArn)}:`, `:kms:${to}:`);
}

/**
 * The provider's region, where the image's copies and key fit it.
 *
 * @throws INVALID_DEFINITION for a copy to that region, or a key of another one
 */
export function placesOf(name: string, home: string, { copyTo = [], kmsKeyArn }: ImageArguments): Output<string> {
  const refuse = refuser(`machine image "${name}"`);
  if (copyTo.includes(home)) refuse("copyTo", `got ${home}, which is the provider's own region: the image itself is there`);
  return output(kmsKeyArn).apply((arn) => {
    if (arn !== undefined && regionOfKey(arn) !== home)
      refuse("kmsKeyArn", `got a key of ${regionOfKey(arn)}, wanted one of the provider's region, ${home}`);
    return home;
  });
}

/** Checks what AWS would refuse only after the upload, where it is known. @throws INVALID_DEFINITION */
export function checkedImage<Args extends ImageArguments>(name: string, args: Args): Args {
  const refuse = refuser(`machine image "${name}"`);
  refuse("name", imageName(name));
  const { copyTo = [], copyKmsKeyArns = {}, encrypted, kmsKeyArn } = args;
  for (const [index, to] of copyTo.entries()) {
    refuse(`copyTo[${index}]`, regionName(to));
    if (copyTo.indexOf(to) !== index) refuse(`copyTo[${index}]`, `got ${to} twice, wanted each region once`);
  }
  const needsEncryption = "got a key for a snapshot that is not encrypted: set encrypted: true too";
  if (kmsKeyArn !== undefined && (encrypted === undefined || encrypted === false)) refuse("kmsKeyArn", needsEncryption);
  const keys = Object.entries(copyKmsKeyArns).map(([to, arn]) => {
    const path = `copyKmsKeyArns.${to}`;
    if (!copyTo.includes(to)) refuse(path, `got a key for ${to}, which is not in copyTo`);
    const ofRegion = (value: string) =>
      keyArn(value) ?? (regionOfKey(value) === to ? undefined : `got a key of ${regionOfKey(value)}, wanted one of ${to}`);
    return [to, ruled(refuse, path, arn, ofRegion)] as const;
  });
  if (kmsKeyArn !== undefined && !isDeferred(kmsKeyArn) && keyArn(kmsKeyArn as string) === undefined)
    for (const to of copyTo) if (!(to in copyKmsKeyArns)) keyOfCopy(name, to, kmsKeyArn as string);
  return {
    ...args,
    description: ruled(refuse, "description", args.description, description),
    tags: ruledTags(refuse, args.tags, 3),
    kmsKeyArn: ruled(refuse, "kmsKeyArn", kmsKeyArn, keyArn),
    ...(keys.length > 0 && { copyKmsKeyArns: Object.fromEntries(keys) }),
  };
}
