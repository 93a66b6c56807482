import type { Fetch, HttpRequest, Watch, Wire } from "./http.ts";

/** A wire over `fetch`. */
export function fetchWire(fetch: Fetch): Wire {
  return async (request, { signal, onBytes }) => {
    const { method = "GET", body, memory } = request;
    const response = await fetch(request.url.href, {
      method,
      headers: headersOf(request),
      redirect: "manual",
      signal,
      ...(body && { body: ownMemory(body) }),
    });
    const drop = async () => response.body?.cancel().catch(() => {});
    return { status: response.status, headers: response.headers, body: read(response.body, memory === "reused", onBytes), drop };
  };
}

/** Copies a body in memory that threads share: Node before 24 refuses it, as the standard demands (Fetch, "BodyInit"). */
function ownMemory(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return body.buffer instanceof SharedArrayBuffer ? new Uint8Array(body) : (body as Uint8Array<ArrayBuffer>);
}

/** A request's headers, with those that every request has. */
export function headersOf(request: HttpRequest): Record<string, string> {
  // a digest is of the bytes as the server stores them; a content encoding would change them
  return { "accept-encoding": "identity", "user-agent": "pulumi-linuxkit", ...request.headers };
}

async function* read(body: ReadableStream<Uint8Array> | null, consumed: boolean, onBytes: Watch["onBytes"]): AsyncGenerator<Uint8Array> {
  let last: Uint8Array | undefined;
  for await (const chunk of body ?? []) {
    onBytes(chunk.length);
    yield chunk;
    // Otherwise a gigabyte of chunks would wait for the collector, which does not count their size. The reader may
    // still hold the last one; the one before is free.
    if (consumed && last && last.length === last.buffer.byteLength) (last.buffer as ArrayBuffer).transfer(0);
    last = chunk;
  }
}
