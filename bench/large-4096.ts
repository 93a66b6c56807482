import { largeOs } from "./large-os.ts";

/** 4096 MiB of files beside the web OS; the folder for them comes from the environment. */
export const os = largeOs(process.env.BENCH_FOLDER ?? ".", 4096);
