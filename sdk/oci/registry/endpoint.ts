import { LinuxKitError } from "../../core/errors.ts";
import { type Login, shownUrl, splitLogin } from "../../net/login.ts";
import { canonicalRegistry } from "../reference.ts";

/** The address of a registry's API. */
export interface Endpoint {
  /** Host and port to look up the login for: the mirror's, where one is set. */
  readonly registry: string;
  /** Ends in `/v2/`, followed by the mirror's path, if any. */
  readonly base: URL;
  /** From the mirror's URL. */
  readonly login?: Login;
}

/** Mirrors by registry: `{ "docker.io": "http://127.0.0.1:5000" }`. Pulls go to the mirror instead of its registry. */
export type RegistryMirrors = Readonly<Record<string, string>>;

/**
 * The endpoint for a registry. A mirror's path goes before the repository (`https://mirror.example/hub` →
 * `/v2/hub/library/nginx`). Loopback hosts are asked over plain http, as in Docker; a mirror's URL names its
 * scheme, and may have a login.
 *
 * @throws INVALID_DEFINITION for a mirror that is not an http or https URL
 */
export function endpointOf(registry: string, mirrors: RegistryMirrors = {}): Endpoint {
  const [key, mirror] = Object.entries(mirrors).find(([name]) => canonicalRegistry(name) === registry) ?? [];
  if (mirror === undefined) {
    const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
    return { registry, base: new URL(`${isLoopback(registry) ? "http" : "https"}://${host}/v2/`) };
  }
  const url = URL.parse(mirror);
  if (!url || !/^https?:$/.test(url.protocol) || url.search) {
    const path = `registryMirrors[${JSON.stringify(key)}]`;
    throw new LinuxKitError("INVALID_DEFINITION", `${path}: got ${shownUrl(mirror)}, wanted an http:// or https:// URL without query`, {
      path,
    });
  }
  const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
  const { url: plain, login } = splitLogin(url);
  return { registry: url.host, base: new URL(`/v2/${prefix ? `${prefix}/` : ""}`, plain), ...(login && { login }) };
}

function isLoopback(registry: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registry);
}
