import type { RegistryAuth } from "../../../sdk/oci/registry/credentials.ts";
import type { GcpAccess } from "../plugin/access/login.ts";

/** Hosts of Artifact Registry and of its predecessor, Container Registry. */
const GAR_HOST = /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

/**
 * Logs in to Artifact Registry with the credentials that Google's libraries find:
 * `build(image, { registryAuth: garAuth() })`. It skips other registries.
 *
 * @throws ACCESS_DENIED with Google's message
 */
export function garAuth(access: GcpAccess = {}): RegistryAuth {
  return async ({ registry }) => {
    if (!GAR_HOST.test(registry)) return undefined;
    // loaded on use: other programs need no Google library
    const { gcpLogin } = await import("../plugin/access/login.ts");
    const { authorization = "" } = await gcpLogin(access)();
    // Artifact Registry, "Configure authentication to Docker": this user name takes a token as its password
    return { username: "oauth2accesstoken", password: authorization.replace(/^Bearer /, "") };
  };
}
