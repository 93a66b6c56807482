import type { Input, Output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings } from "../../sdk/resource/provider-settings.ts";
import type { AssumedRole } from "./access/clients.ts";

/** Who asks AWS, in a program. */
export interface AwsAccessArgs {
  /** A profile of the shared configuration files. @default the stack's AWS provider's, else as the AWS SDK finds it */
  readonly profile?: Input<string> | undefined;
  /** A role to take on, or several, each by the one before it. @default the stack's AWS provider's */
  readonly assumeRole?: Input<AssumedRole | readonly AssumedRole[]> | undefined;
  /** With `secretKey`. @default the stack's AWS provider's, else as the AWS SDK finds it */
  readonly accessKey?: Input<string> | undefined;
  readonly secretKey?: Input<string> | undefined;
  /** What comes with keys that expire. */
  readonly token?: Input<string> | undefined;
}

const NAMES = ["profile", "assumeRole", "accessKey", "secretKey", "token"] as const;

/** What of it the arguments of a component name. */
export function givenAccess(args: AwsAccessArgs): AwsAccessArgs {
  return Object.fromEntries(NAMES.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}

/**
 * Who uploads and who watches: whoever the arguments name, else the explicit AWS provider that the component was given,
 * else `aws:profile`, `aws:assumeRoles` and their like of the stack's configuration.
 */
export function accessOf(component: ComponentResource, args: AwsAccessArgs): AwsAccessArgs {
  const given = givenAccess(args);
  if (Object.keys(given).length > 0) return given;
  const { assumeRoles, ...settings } = providerSettings(component, "aws:ec2/ami:Ami", { profile: "text", accessKey: "secret", secretKey: "secret", token: "secret", assumeRoles: "json" });
  return { ...settings, ...(assumeRoles && { assumeRole: assumeRoles as Output<AssumedRole[]> }) } as AwsAccessArgs;
}
