import type { Bundle } from "../runtime/bundle.ts";

/** Mounts that show the files of tracing: their own filesystem, and debugfs, which has it at `tracing` (kernel/trace/trace.c, `tracing_init_dentry`). */
const TRACING = /"(tracefs|debugfs)"/;

/** Whether a container's definition mounts the files of the kernel's tracing. */
export function seesTracing({ config, runtime }: Pick<Bundle, "config" | "runtime">): boolean {
  return TRACING.test(config) || TRACING.test(runtime);
}
