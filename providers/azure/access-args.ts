import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";
import type { AzureAccess } from "./plugin/access/credential.ts";

/** Who uploads and waits: {@link AzureAccess}, of which every member may be an output. */
export type AzureAccessArgs = { readonly [Name in keyof AzureAccess]: Input<NonNullable<AzureAccess[Name]>> | undefined };

/** Where it is asked. */
const PLACE = { environment: "text", metadataHost: "text", tenantId: "text" } as const satisfies Partial<
  Record<keyof AzureAccess, SettingKind>
>;

/** Who asks. */
const LOGIN = {
  clientId: "text",
  clientSecret: "secret",
  clientCertificatePath: "text",
  clientCertificatePassword: "secret",
  useOidc: "json",
  oidcToken: "secret",
  oidcTokenFilePath: "text",
  oidcRequestUrl: "text",
  oidcRequestToken: "secret",
  useMsi: "json",
} as const satisfies Record<Exclude<keyof AzureAccess, keyof typeof PLACE>, SettingKind>;

const LOGIN_NAMES = Object.keys(LOGIN) as (keyof typeof LOGIN)[];

/** The names of {@link AzureAccessArgs}. */
export const ACCESS = [...(Object.keys(PLACE) as (keyof typeof PLACE)[]), ...LOGIN_NAMES];

/** Of {@link AzureAccessArgs}, what nobody may see. */
export const SECRETS = LOGIN_NAMES.filter((name) => LOGIN[name] === "secret");

/**
 * What the arguments say, and beside it what the component's explicit Azure provider or the stack's configuration does
 * (`azure-native:clientId`…). Who asks is told by the one or by the other: an application is not joined with the secret
 * of another.
 */
export function accessOf(component: ComponentResource, args: AzureAccessArgs): AzureAccessArgs {
  const isNamed = LOGIN_NAMES.some((name) => args[name] !== undefined);
  const told = providerSettings(component, "azure-native:compute:Disk", {
    ...PLACE,
    ...(isNamed ? {} : LOGIN),
  }) as unknown as AzureAccessArgs;
  return Object.fromEntries(ACCESS.map((name) => [name, args[name] ?? told[name]]));
}
