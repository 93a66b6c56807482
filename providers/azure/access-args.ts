import { Config } from "@pulumi/pulumi/config.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { AzureAccess } from "./access/credential.ts";

/** Who uploads and waits: {@link AzureAccess}, of which every member may be an output. */
export type AzureAccessArgs = { readonly [Name in keyof AzureAccess]: Input<NonNullable<AzureAccess[Name]>> | undefined };

/** What is given, and what `pulumi config` says for the stack's Azure provider (`azure-native:clientId`…). */
export function accessOf({ environment, metadataHost, tenantId, clientId, clientSecret, clientCertificatePath, useOidc, useMsi }: AzureAccessArgs): AzureAccessArgs {
  const config = new Config("azure-native");
  return {
    environment: environment ?? config.get("environment"),
    metadataHost: metadataHost ?? config.get("metadataHost"),
    tenantId: tenantId ?? config.get("tenantId"),
    clientId: clientId ?? config.get("clientId"),
    clientSecret: clientSecret ?? config.getSecret("clientSecret"),
    clientCertificatePath: clientCertificatePath ?? config.get("clientCertificatePath"),
    useOidc: useOidc ?? config.getBoolean("useOidc"),
    useMsi: useMsi ?? config.getBoolean("useMsi"),
  };
}
