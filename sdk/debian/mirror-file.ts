import { download } from "../net/download.ts";
import { refusalOf } from "../net/refusal.ts";
import type { Transport } from "../net/transport.ts";
import { memoryFor } from "../net/wire.ts";

/**
 * Downloads a file of a mirror, chunk by chunk. The caller must verify it. Chunks of a large file of known size reuse
 * their memory.
 *
 * @param size the expected size in bytes @default unknown
 * @throws NOT_FOUND for 404 and 410, ACCESS_DENIED for 401, 403 and 407, SIZE_MISMATCH, NETWORK and TIMEOUT after the last
 * try, CANCELLED
 */
export function mirrorFile(url: string, transport: Transport, size?: number): AsyncGenerator<Uint8Array> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  return download(transport, {
    what: url,
    size,
    async request(headers) {
      const response = await transport.send({ url: new URL(url), headers, memory: memoryFor(size) });
      if ([200, ...(headers.range === undefined ? [] : [206, 416])].includes(response.status)) return response;
      throw await refusalOf(response, name, { name: "the mirror" });
    },
  });
}
