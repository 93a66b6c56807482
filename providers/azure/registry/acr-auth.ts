import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RegistryAuth } from "../../../sdk/oci/registry/credentials.ts";
import type { AzureAccess } from "../plugin/access/credential.ts";

/** Registry hosts of the public cloud, Azure Government and Azure in China. */
const ACR_HOST = /^[a-z\d-]+(\.[a-z\d-]+\.data)?\.azurecr\.(io|us|cn)$/;

/** The user name for a login with a token. Source: Azure Container Registry, "Authentication options". */
const TOKEN_USER = "00000000-0000-0000-0000-000000000000";

/**
 * Logs in to Azure Container Registry with the credentials that Azure's libraries find:
 * `build(image, { registryAuth: acrAuth() })`. It skips other registries.
 *
 * Source: Azure Container Registry, "AAD-OAuth" (`/oauth2/exchange`).
 *
 * @throws ACCESS_DENIED with Azure's message
 */
export function acrAuth(access: AzureAccess = {}): RegistryAuth {
  return async ({ registry }) => {
    if (!ACR_HOST.test(registry)) return undefined;
    // loaded on use: other programs need no Azure library
    const [{ azureLogin }, { exchangeToken }] = await Promise.all([
      import("../plugin/access/login.ts"),
      import("../plugin/access/registry-token.ts"),
    ]);
    const login = await azureLogin(access);
    const password = await exchangeToken(`https://${registry}`, registry, await login.token(login.cloud.managerScope));
    if (password === undefined)
      throw new LinuxKitError("ACCESS_DENIED", `azure ${registry}: got no credentials`, { url: registry, status: 200 });
    return { username: TOKEN_USER, password };
  };
}
