import { LoopbackServer, type Reply } from "../loopback-server.ts";

/** By path below `/computeMetadata/v1/`. */
export type GcpMetadata = Readonly<Record<string, string>>;

/**
 * Compute Engine's metadata server: nothing without its header, nothing for a request that a proxy sends on.
 *
 * Source: Compute Engine, "Query VM metadata" and "About VM metadata".
 */
export function startGcpMetadata(content: GcpMetadata): Promise<LoopbackServer> {
  return LoopbackServer.start(({ method, url = "", headers }): Reply => {
    const own = { "metadata-flavor": "Google", server: "Metadata Server for VM", "content-type": "application/text" };
    if (method !== "GET") return { status: 405, headers: own };
    if (headers["x-forwarded-for"] !== undefined || headers["metadata-flavor"] !== "Google") return { status: 403, headers: own };
    const { pathname } = new URL(url, "http://metadata");
    const path = pathname.replace(/^\/computeMetadata\/v1\//, "");
    if (path === pathname) return { status: 404, headers: own };
    // a directory is at its path with a slash
    if (Object.keys(content).some((key) => key.startsWith(`${path}/`)))
      return { status: 301, headers: { ...own, location: `${pathname}/` } };
    const body = content[path];
    return body === undefined ? { status: 404, headers: own } : { status: 200, body, headers: own };
  });
}
