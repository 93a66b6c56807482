import { Config } from "@pulumi/pulumi/config.js";
import { type Input, type Output, secret } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";

/** Who asks Google Cloud, in a program. */
export interface GcpAccessArgs {
  /** A key as JSON, or the path of its file. @default the stack's Google Cloud provider's, else application default credentials */
  readonly credentials?: Input<string> | undefined;
  /** A token that is good for an hour. @default the stack's Google Cloud provider's */
  readonly accessToken?: Input<string> | undefined;
  /** E-mail of a service account to act as. @default the stack's Google Cloud provider's */
  readonly impersonateServiceAccount?: Input<string> | undefined;
}

const NAMES = ["credentials", "accessToken", "impersonateServiceAccount"] as const;

/**
 * Who uploads and who watches: whoever the arguments name, else the explicit provider of Google Cloud that the component
 * was given, else `gcp:credentials` and its like of the stack's configuration. All of it is kept secret.
 */
export function accessOf(component: ComponentResource, args: GcpAccessArgs): GcpAccessArgs {
  const given = NAMES.some((name) => args[name] !== undefined) ? args : (explicitProvider(component) ?? configured());
  return Object.fromEntries(NAMES.flatMap((name) => (given[name] === undefined ? [] : [[name, secret(given[name])]])));
}

function explicitProvider(component: ComponentResource): GcpAccessArgs | undefined {
  return component.getProvider("gcp:compute/image:Image") as unknown as GcpAccessArgs | undefined;
}

function configured(): GcpAccessArgs {
  const config = new Config("gcp");
  return Object.fromEntries(NAMES.flatMap((name) => (config.get(name) === undefined ? [] : [[name, config.getSecret(name) as Output<string>]])));
}
