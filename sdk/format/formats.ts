import { LinuxKitError } from "../core/errors.ts";
import { docker } from "./docker.ts";
import { kernelInitrd, tarKernelInitrd } from "./kernel-initrd.ts";
import type { FormatWriter } from "./parts.ts";
import { tar } from "./tar.ts";

/** Every format by the name that users write, which is LinuxKit's where LinuxKit has it. */
export const FORMATS = {
  "kernel+initrd": kernelInitrd,
  tar,
  docker,
  "tar-kernel-initrd": tarKernelInitrd,
} as const satisfies Record<string, FormatWriter>;

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;

export const DEFAULT_FORMAT: FormatName = "kernel+initrd";

/** What writes the format of that name; `INVALID_DEFINITION` lists the names otherwise. */
export function formatWriter(name: string): FormatWriter {
  if (Object.hasOwn(FORMATS, name)) return FORMATS[name as FormatName];
  throw new LinuxKitError("INVALID_DEFINITION", `format: got ${JSON.stringify(name)}, wanted one of ${Object.keys(FORMATS).join(", ")}`, { path: "format" });
}
