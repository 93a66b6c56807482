import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Path of the cache folder: `PULUMI_LINUXKIT_CACHE`, else `pulumi-linuxkit` under `XDG_CACHE_HOME`, else under `~/.cache`.
 * It holds `blobs/` (packages, layers), `segments/`, `indexes/` (Debian's), `artifacts/`,
 * and `compiled/` (Node's compile cache).
 */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.PULUMI_LINUXKIT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-linuxkit");
}
