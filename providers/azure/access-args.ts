import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { AccessArgs } from "../../sdk/machine/args.ts";
import { providerSettings, type SettingKind } from "../../sdk/machine/provider-settings.ts";
import type { AzureAccess } from "./plugin/access/credential.ts";

/** Credentials for uploads and rollouts. @default the credentials of the stack's Azure provider */
export type AzureAccessArgs = AccessArgs<AzureAccess>;

/** Members that tell which Azure cloud and tenant. */
const PLACE = { environment: "text", metadataHost: "text", tenantId: "text" } as const satisfies Partial<
  Record<keyof AzureAccess, SettingKind>
>;

/** Members that are credentials. */
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

/** The members of {@link AzureAccessArgs}. */
export const ACCESS = [...(Object.keys(PLACE) as (keyof typeof PLACE)[]), ...LOGIN_NAMES];

/** The secret members of {@link AzureAccessArgs}. */
export const SECRETS = LOGIN_NAMES.filter((name) => LOGIN[name] === "secret");

/**
 * The component's arguments, completed from its explicit Azure provider, else from the stack's configuration
 * (`azure-native:clientId`…). Credentials come from one source only: one application never gets another's secret.
 */
export function accessOf(component: ComponentResource, args: AzureAccessArgs): AzureAccessArgs {
  const isNamed = LOGIN_NAMES.some((name) => args[name] !== undefined);
  const settings = providerSettings(component, "azure-native:compute:Disk", {
    ...PLACE,
    ...(isNamed ? {} : LOGIN),
  }) as unknown as AzureAccessArgs;
  return Object.fromEntries(ACCESS.map((name) => [name, args[name] ?? settings[name]]));
}
