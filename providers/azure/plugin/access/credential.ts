import { readFile } from "node:fs/promises";
import type { TokenCredential } from "@azure/identity";
import { collect } from "../../../../sdk/core/bytes.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import { refusalOf } from "../../../../sdk/net/refusal.ts";
import { createTransport } from "../../../../sdk/net/transport.ts";
import type { AzureCloud } from "./clouds.ts";

/**
 * Credentials and cloud. What is left out comes from the environment (`ARM_CLIENT_ID`, `ARM_USE_OIDC`…, as in Pulumi's
 * Azure provider), else Azure's libraries find it: `AZURE_CLIENT_ID`…, workload identity, the machine's managed identity,
 * `az login`.
 */
export interface AzureAccess {
  /** `public`, `usgovernment` or `china`. @default `ARM_ENVIRONMENT`, else "public" */
  readonly environment?: string | undefined;
  /** Host of the metadata endpoint of another cloud. @default `ARM_METADATA_HOSTNAME` */
  readonly metadataHost?: string | undefined;
  /** Id of the tenant. @default `ARM_TENANT_ID` */
  readonly tenantId?: string | undefined;
  /** Id of an application or a user-assigned managed identity. */
  readonly clientId?: string | undefined;
  /** The application's secret. @default `ARM_CLIENT_SECRET` */
  readonly clientSecret?: string | undefined;
  /** Path of a PEM file with certificate and key. */
  readonly clientCertificatePath?: string | undefined;
  /** Password of that file. */
  readonly clientCertificatePassword?: string | undefined;
  /**
   * Log in with an OpenID Connect token of the CI system: GitHub Actions, or one that the next four members give.
   * @default `ARM_USE_OIDC`
   */
  readonly useOidc?: boolean | undefined;
  /** The OpenID Connect token. @default `ARM_OIDC_TOKEN` */
  readonly oidcToken?: string | undefined;
  /** Path of a file with the token. @default `ARM_OIDC_TOKEN_FILE_PATH` */
  readonly oidcTokenFilePath?: string | undefined;
  /** URL to request the token from. @default `ARM_OIDC_REQUEST_URL`, `ACTIONS_ID_TOKEN_REQUEST_URL` */
  readonly oidcRequestUrl?: string | undefined;
  /** Bearer token for that request. @default `ARM_OIDC_REQUEST_TOKEN`, `ACTIONS_ID_TOKEN_REQUEST_TOKEN` */
  readonly oidcRequestToken?: string | undefined;
  /** Log in as the machine's managed identity. @default `ARM_USE_MSI` */
  readonly useMsi?: boolean | undefined;
}

/** The given credentials, completed from the environment. */
export function withEnvironment(access: AzureAccess, env: NodeJS.ProcessEnv = process.env): AzureAccess {
  const found = {
    environment: env.ARM_ENVIRONMENT,
    metadataHost: env.ARM_METADATA_HOSTNAME,
    tenantId: env.ARM_TENANT_ID,
    clientId: env.ARM_CLIENT_ID,
    clientSecret: env.ARM_CLIENT_SECRET,
    clientCertificatePath: env.ARM_CLIENT_CERTIFICATE_PATH,
    clientCertificatePassword: env.ARM_CLIENT_CERTIFICATE_PASSWORD,
    useOidc: env.ARM_USE_OIDC === "true" || undefined,
    oidcToken: env.ARM_OIDC_TOKEN,
    oidcTokenFilePath: env.ARM_OIDC_TOKEN_FILE_PATH,
    oidcRequestUrl: env.ARM_OIDC_REQUEST_URL ?? env.ACTIONS_ID_TOKEN_REQUEST_URL,
    oidcRequestToken: env.ARM_OIDC_REQUEST_TOKEN ?? env.ACTIONS_ID_TOKEN_REQUEST_TOKEN,
    useMsi: env.ARM_USE_MSI === "true" || undefined,
  };
  const present = Object.entries({ ...found, ...Object.fromEntries(Object.entries(access).filter(([, value]) => value !== undefined)) });
  return Object.fromEntries(present.filter(([, value]) => value !== undefined && value !== ""));
}

/** The identity that {@link withEnvironment} describes. */
export async function credentialOf(access: AzureAccess, { authority }: AzureCloud): Promise<TokenCredential> {
  const {
    tenantId,
    clientId,
    clientSecret,
    clientCertificatePath: certificatePath,
    clientCertificatePassword: certificatePassword,
    useOidc,
    useMsi,
  } = access;
  const identity = await import("@azure/identity");
  // instance discovery knows only Microsoft's own clouds
  const options = {
    authorityHost: authority,
    disableInstanceDiscovery: !/\.(microsoftonline\.(com|us)|chinacloudapi\.cn)$/.test(new URL(authority).hostname),
    ...(tenantId !== undefined && { tenantId }),
  };
  if (tenantId !== undefined && clientId !== undefined) {
    if (clientSecret !== undefined) return new identity.ClientSecretCredential(tenantId, clientId, clientSecret, options);
    if (certificatePath !== undefined)
      return new identity.ClientCertificateCredential(
        tenantId,
        clientId,
        { certificatePath, ...(certificatePassword !== undefined && { certificatePassword }) },
        options,
      );
    if (useOidc) return new identity.ClientAssertionCredential(tenantId, clientId, () => assertion(access), options);
  }
  if (useMsi) return new identity.ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
  return new identity.DefaultAzureCredential({ ...options, ...(clientId !== undefined && { managedIdentityClientId: clientId }) });
}

/** The OpenID Connect token. Source: GitHub Docs, "About security hardening with OpenID Connect". */
async function assertion({ oidcToken, oidcTokenFilePath, oidcRequestUrl: url, oidcRequestToken: token }: AzureAccess): Promise<string> {
  if (oidcToken !== undefined) return oidcToken;
  if (oidcTokenFilePath !== undefined) return (await readFile(oidcTokenFilePath, "utf8")).trim();
  if (!url || !token)
    throw new LinuxKitError(
      "ACCESS_DENIED",
      "useOidc: got no token, wanted oidcToken (ARM_OIDC_TOKEN), oidcTokenFilePath (ARM_OIDC_TOKEN_FILE_PATH), or the GitHub Actions permission `id-token: write`",
      { url: "oidc", status: 0 },
    );
  const asked = new URL(url);
  asked.searchParams.set("audience", "api://AzureADTokenExchange");
  const response = await createTransport().send({ url: asked, headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw await refusalOf(response, "the runner's token", { name: "the runner" });
  return (JSON.parse((await collect(response.body, undefined, "the runner's token")).toString()) as { value: string }).value;
}
