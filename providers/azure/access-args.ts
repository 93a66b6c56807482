import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { providerSettings } from "../../sdk/resource/provider-settings.ts";
import type { AzureAccess } from "./access/credential.ts";

/** Who uploads and waits: {@link AzureAccess}, of which every member may be an output. */
export type AzureAccessArgs = { readonly [Name in keyof AzureAccess]: Input<NonNullable<AzureAccess[Name]>> | undefined };

const SETTINGS = {
  environment: "text",
  metadataHost: "text",
  tenantId: "text",
  clientId: "text",
  clientSecret: "secret",
  clientCertificatePath: "text",
  useOidc: "json",
  useMsi: "json",
} as const satisfies Record<keyof AzureAccess, string>;

/** What the arguments say, and beside it what the component's explicit Azure provider or the stack's configuration does (`azure-native:clientId`…). */
export function accessOf(component: ComponentResource, args: AzureAccessArgs): AzureAccessArgs {
  const told = providerSettings(component, "azure-native:compute:Disk", SETTINGS) as AzureAccessArgs;
  return Object.fromEntries((Object.keys(SETTINGS) as (keyof AzureAccess)[]).map((name) => [name, args[name] ?? told[name]]));
}
