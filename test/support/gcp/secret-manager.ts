/**
 * Plays Secret Manager for one token.
 *
 * Source: Secret Manager API, projects.secrets.versions.access.
 * Assumed: the words of messages.
 */
import { crc32c } from "../../../sdk/core/crc32c.ts";
import type { Authority } from "../authority.ts";
import { LoopbackServer, type Reply } from "../loopback-server.ts";
import { record } from "../models/recorded.ts";

/** Bytes of each version by name. The account may not read a `null`; a `"damaged"` value has a wrong checksum. */
export type StoredVersions = Readonly<Record<string, Buffer | null | "damaged">>;

/** Serves the versions over TLS. */
export function startSecretManager(authority: Authority, token: string, versions: StoredVersions): Promise<LoopbackServer> {
  const refuse = (code: number, status: string, message: string): Reply => ({
    status: code,
    body: JSON.stringify({ error: { code, message, status } }),
  });
  return LoopbackServer.start(({ method, url = "", headers }) => {
    if (headers.authorization !== `Bearer ${token}`)
      return refuse(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
    const [, name = ""] = /^\/v1\/(projects\/[^/]+\/(?:locations\/[^/]+\/)?secrets\/[^/]+\/versions\/[^/:]+):access$/.exec(url) ?? [];
    const value = versions[name];
    if (method !== "GET" || value === undefined) return refuse(404, "NOT_FOUND", `Secret Version [${name}] not found.`);
    if (value === null)
      return refuse(
        403,
        "PERMISSION_DENIED",
        `Permission 'secretmanager.versions.access' denied for resource '${name}' (or it may not exist).`,
      );
    record({ cloud: "gcp", method, url });
    const data = value === "damaged" ? Buffer.from("other") : value;
    // Google inverts the final value
    const dataCrc32c = String(~crc32c(value === "damaged" ? Buffer.from("damaged") : value) >>> 0);
    return { status: 200, body: JSON.stringify({ name, payload: { data: data.toString("base64"), dataCrc32c } }) };
  }, authority);
}
