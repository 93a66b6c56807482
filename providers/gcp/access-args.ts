import { type Input, secret } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings } from "../../sdk/resource/provider-settings.ts";

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
  if (NAMES.every((name) => args[name] === undefined)) return providerSettings(component, "gcp:compute/image:Image", { credentials: "secret", accessToken: "secret", impersonateServiceAccount: "secret" }) as GcpAccessArgs;
  return Object.fromEntries(NAMES.flatMap((name) => (args[name] === undefined ? [] : [[name, secret(args[name])]])));
}
