import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";

/**
 * Who asks Google Cloud, in a program. Whoever names one of these names all of them: nothing is then taken from the
 * stack's Google Cloud provider, but what is left out is found as Google's own libraries find it.
 *
 * @default the stack's Google Cloud provider's, else application default credentials
 */
export interface GcpAccessArgs {
  /** A key as JSON, or the path of its file. */
  readonly credentials?: Input<string> | undefined;
  /** A token that is good for an hour. */
  readonly accessToken?: Input<string> | undefined;
  /** E-mail of a service account to act as. */
  readonly impersonateServiceAccount?: Input<string> | undefined;
}

const KINDS = { credentials: "secret", accessToken: "secret", impersonateServiceAccount: "secret" } as const satisfies Record<
  keyof GcpAccessArgs,
  SettingKind
>;

/** The names of {@link GcpAccessArgs}. All of it is kept secret. */
export const SECRETS = Object.keys(KINDS) as (keyof GcpAccessArgs)[];

/**
 * Who uploads and who watches: whoever the arguments name, else the explicit provider of Google Cloud that the component
 * was given, else `gcp:credentials` and its like of the stack's configuration.
 */
export function accessOf(component: ComponentResource, args: GcpAccessArgs): GcpAccessArgs {
  const given = SECRETS.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]]));
  return given.length > 0 ? Object.fromEntries(given) : (providerSettings(component, "gcp:compute/image:Image", KINDS) as GcpAccessArgs);
}
