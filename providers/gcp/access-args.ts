import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { AccessArgs } from "../../sdk/machine/args.ts";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";
import type { GcpAccess } from "./plugin/access/login.ts";

/**
 * Credentials for uploads and rollouts. If any member is set, nothing is taken from the stack's Google Cloud provider;
 * Google's libraries find the rest.
 *
 * @default the credentials of the stack's Google Cloud provider, else application default credentials
 */
export type GcpAccessArgs = AccessArgs<GcpAccess>;

const KINDS = { credentials: "secret", accessToken: "secret", impersonateServiceAccount: "secret" } as const satisfies Record<
  keyof GcpAccessArgs,
  SettingKind
>;

/** The members of {@link GcpAccessArgs}; all are secret. */
export const SECRETS = Object.keys(KINDS) as (keyof GcpAccessArgs)[];

/** The credentials that a component's arguments set. */
export function givenAccess(args: GcpAccessArgs): GcpAccessArgs {
  return Object.fromEntries(SECRETS.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}

/**
 * The credentials of a component's uploads and gates: its arguments, else its explicit Google Cloud provider, else the
 * stack's configuration (`gcp:credentials`…).
 */
export function accessOf(component: ComponentResource, args: GcpAccessArgs): GcpAccessArgs {
  const given = givenAccess(args);
  return Object.keys(given).length > 0 ? given : (providerSettings(component, "gcp:compute/image:Image", KINDS) as GcpAccessArgs);
}
