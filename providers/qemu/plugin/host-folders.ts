import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { defaultStateDir } from "./machine-folder.ts";

/** The folder of machines and disks, and the cache of reproducible files. */
export interface HostFolders {
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** The folders from the environment. */
export function defaultHostFolders(env: NodeJS.ProcessEnv = process.env): HostFolders {
  return { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env) };
}
