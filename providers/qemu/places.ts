import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { defaultStateDir } from "./machine-folder.ts";

/** Where machines and disks live, and where what can be made again is kept. */
export interface Places {
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** The places that the environment names. */
export function defaultPlaces(env: NodeJS.ProcessEnv = process.env): Places {
  return { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env) };
}
