import type { RegistryAuth } from "../../../sdk/oci/registry/credentials.ts";
import type { GcpAccess } from "../plugin/access/login.ts";

/** Artifact Registry, and the Container Registry that it has taken over. */
const GAR_HOST = /^(?:[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)$/;

/**
 * Logs in to Artifact Registry as whoever Google's own libraries find: `build(image, { registryAuth: garAuth() })`.
 * Other registries are left to what comes next.
 *
 * @throws ACCESS_DENIED in Google's words
 */
export function garAuth(access: GcpAccess = {}): RegistryAuth {
  return async ({ registry }) => {
    if (!GAR_HOST.test(registry)) return undefined;
    // a program that logs in nowhere loads no library for it
    const { gcpLogin } = await import("../plugin/access/login.ts");
    const { authorization = "" } = await gcpLogin(access)();
    // Artifact Registry, "Configure authentication to Docker": a token is the password of this name
    return { username: "oauth2accesstoken", password: authorization.replace(/^Bearer /, "") };
  };
}
