/**
 * Plays Azure Key Vault for one token.
 *
 * Source: Azure Key Vault REST API, "Get Secret", version 7.4.
 * Assumed: the words of messages.
 */
import type { Authority } from "../authority.ts";
import { LoopbackServer, type Reply } from "../loopback-server.ts";

/** Value by `HOST/secrets/NAME` or `HOST/secrets/NAME/VERSION`; the identity may not read a `null`. */
export type StoredVaultSecrets = Readonly<Record<string, string | null>>;

/** Serves several vaults over TLS, told apart by the header `Host`. */
export function startKeyVault(authority: Authority, token: string, stored: StoredVaultSecrets): Promise<LoopbackServer> {
  const refuse = (status: number, code: string, message: string): Reply => ({ status, body: JSON.stringify({ error: { code, message } }) });
  return LoopbackServer.start(({ method, url = "", headers }) => {
    if (headers.authorization !== `Bearer ${token}`)
      return refuse(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.");
    const { pathname, searchParams } = new URL(url, "https://vault");
    if (method !== "GET" || searchParams.get("api-version") !== "7.4")
      return refuse(400, "BadParameter", "The specified version is not recognized.");
    const id = `${headers.host}${pathname}`;
    const value = stored[id];
    if (value === undefined)
      return refuse(404, "SecretNotFound", `A secret with (name/id) ${pathname.split("/")[2]} was not found in this key vault.`);
    if (value === null)
      return refuse(403, "Forbidden", "The user, group or application does not have secrets get permission on this key vault.");
    return {
      status: 200,
      body: JSON.stringify({ value, id: `https://${id}`, attributes: { enabled: true, recoveryLevel: "Recoverable+Purgeable" } }),
    };
  }, authority);
}
