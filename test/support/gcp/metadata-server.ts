/**
 * Plays Compute Engine's metadata server.
 *
 * Source: Compute Engine, "Query VM metadata" and "About VM metadata".
 */
import { LoopbackServer, type Reply } from "../loopback-server.ts";

/** Value of each entry by its path below `/computeMetadata/v1/`. */
export type GcpMetadata = Readonly<Record<string, string>>;

/** Starts the server. It requires the header `Metadata-Flavor` and refuses forwarded requests. */
export function startGcpMetadata(content: GcpMetadata): Promise<LoopbackServer> {
  return LoopbackServer.start(({ method, url = "", headers }): Reply => {
    const own = { "metadata-flavor": "Google", server: "Metadata Server for VM", "content-type": "application/text" };
    if (method !== "GET") return { status: 405, headers: own };
    if (headers["x-forwarded-for"] !== undefined || headers["metadata-flavor"] !== "Google") return { status: 403, headers: own };
    const { pathname } = new URL(url, "http://metadata");
    const path = pathname.replace(/^\/computeMetadata\/v1\//, "");
    if (path === pathname) return { status: 404, headers: own };
    // the path of a directory ends with a slash
    if (Object.keys(content).some((key) => key.startsWith(`${path}/`)))
      return { status: 301, headers: { ...own, location: `${pathname}/` } };
    const body = content[path];
    return body === undefined ? { status: 404, headers: own } : { status: 200, body, headers: own };
  });
}
