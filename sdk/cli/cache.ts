import { parseArgs } from "node:util";
import { defaultCacheDir } from "../cache/location.ts";
import { DEFAULT_CACHE_LIMIT, pruneCache } from "../cache/prune.ts";
import { type Command, UsageError } from "./command.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

export const cache: Command = {
  help: `Keeps what a running build needs. Everything in the cache can be fetched or made again.

  --limit SIZE      bytes; K, M and G are powers of 1024; 0 empties the cache   [${DEFAULT_CACHE_LIMIT / 2 ** 30}G]
  --dir DIR         the cache's folder                                         [${defaultCacheDir({ HOME: "~" })}]`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { limit: { type: "string" }, dir: { type: "string" } },
    });
    if (positionals.join(" ") !== "prune") throw new UsageError(`got "${positionals.join(" ")}", wanted "prune"`);
    const { kept, removed } = await pruneCache(
      values.dir ?? defaultCacheDir(),
      values.limit === undefined ? DEFAULT_CACHE_LIMIT : bytesOf(values.limit),
    );
    terminal.print(`removed ${removed.files} files, ${megabytes(removed.bytes)}; ${megabytes(kept)} left`);
  },
};

/** Bytes in a size as typed: `500M`, `10G`, `0`. @throws UsageError */
export function bytesOf(text: string): number {
  const [, digits, unit] = /^(\d{1,12})([KMG]?)$/i.exec(text) ?? [];
  const factor = UNITS[unit?.toUpperCase() ?? ""];
  if (digits === undefined || factor === undefined)
    throw new UsageError(`--limit: got "${text}", wanted a number of bytes, such as 1048576, 500M or 10G`);
  return Number(digits) * factor;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
