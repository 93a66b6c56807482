import type { Memory } from "../core/bytes.ts";
import { fetchWire } from "./fetch-wire.ts";
import type { Fetch, Wire } from "./http.ts";

const NODES_FETCH = globalThis.fetch;

/** Where Node, and undici, keep the dispatcher that `fetch` uses. */
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** Bytes from which a separate connection saves more than it costs. */
const LARGE = 1 << 20;

/** The memory to ask for: `wanted` for a body that is known to be large, else `own`. */
export function memoryFor(size: number | undefined, wanted: Memory = "reused"): Memory {
  return size !== undefined && size >= LARGE ? wanted : "own";
}

/**
 * A wire over `fetch`, with separate connections for large bodies where both behave the same: not with the caller's
 * `fetch`, nor where the process has set a proxy. Where a separate connection for a download fails, `fetch` tries.
 */
export function chooseWire(fetch: Fetch | undefined): Wire {
  if (fetch) return fetchWire(fetch);
  return async (request, watch) => {
    const overFetch = fetchWire(globalThis.fetch);
    if ((request.body?.length ?? 0) >= LARGE && isFetchPlain()) return (await import("./body-wire.ts")).bodyWire(request, watch);
    if (request.memory !== "reused" || (request.method ?? "GET") !== "GET" || !isFetchPlain()) return overFetch(request, watch);
    try {
      // loaded by the first large body: Node's HTTP client takes 13 MB of memory, which few builds need
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
