import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { defaultStateDir } from "./machine-folder.ts";

/** Where machines and disks live, and where what can be made again is kept. */
export interface HostFolders {
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** The folders that the environment names. */
export function defaultHostFolders(env: NodeJS.ProcessEnv = process.env): HostFolders {
  return { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env) };
}
