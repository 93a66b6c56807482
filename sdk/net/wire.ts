import type { Memory } from "../core/bytes.ts";
import { fetchWire } from "./fetch-wire.ts";
import type { Fetch, Wire } from "./http.ts";

const NODES_FETCH = globalThis.fetch;

/** Where Node, and undici, keep what `fetch` sends through. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** Bytes from which on going past `fetch` costs less than what it saves. */
const LARGE = 1 << 20;

/** The memory to ask for: reused only for a body that is said to be large. */
export function memoryFor(size: number | undefined, wanted: Memory = "reused"): Memory {
  return size !== undefined && size >= LARGE ? wanted : "own";
}

/**
 * A wire over `fetch`, but for large bodies on connections of their own, wherever that comes to the same: not with a
 * `fetch` of the caller's, nor where the process has set a proxy for it. When a connection to read one from cannot be
 * made, `fetch` has the last word.
 */
export function chooseWire(fetch: Fetch | undefined): Wire {
  if (fetch) return fetchWire(fetch);
  return async (request, watch) => {
    const overFetch = fetchWire(globalThis.fetch);
    if ((request.body?.length ?? 0) >= LARGE && isFetchPlain()) return (await import("./body-wire.ts")).bodyWire(request, watch);
    if (request.memory !== "reused" || (request.method ?? "GET") !== "GET" || !isFetchPlain()) return overFetch(request, watch);
    try {
      // loaded by the first large body: Node's own HTTP takes 13 MB, which a build that fetches nothing has no use for
      const { socketWire } = await import("./socket-wire.ts");
      return await socketWire(request, watch);
    } catch (error) {
      if (watch.signal.aborted) throw error;
      return overFetch(request, watch);
    }
  };
}

function isFetchPlain(): boolean {
  const dispatcher = (globalThis as { [DISPATCHER]?: object })[DISPATCHER];
  return globalThis.fetch === NODES_FETCH && (dispatcher === undefined || dispatcher.constructor.name === "Agent");
}
