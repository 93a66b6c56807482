import type { Needs } from "./setting.ts";

/** What a kernel was built with. */
export interface KernelConfig {
  /** As its configuration's own head says it: `6.1.192`; `undefined` where it says nothing. */
  readonly version: string | undefined;
  /** An option's value, without `CONFIG_`: `y`, `m`, a number or text without quotes; `n` where it is off or unknown. */
  value(option: string): string;
}

/** Reads a kernel's configuration: the text of `/boot/config-…` or of `/proc/config.gz`. */
export function parseKernelConfig(text: string): KernelConfig {
  const values = new Map(
    [...text.matchAll(/^CONFIG_(\w+)=(?:"(.*)"|(.*))$/gm)].map(([, name, quoted, plain]) => [name as string, quoted ?? plain ?? ""]),
  );
  return {
    version: /^# Linux\/\S+ (\d+\.\d+\S*) Kernel Configuration$/m.exec(text)?.[1],
    value: (option) => values.get(option) ?? "n",
  };
}

/** Why a setting does nothing on a kernel; `undefined` when it works. */
export function inertReason({ config, since }: Needs, kernel: KernelConfig): string | undefined {
  if (since && !isSince(kernel.version, since))
    return `Linux ${kernel.version ?? "of unknown version"} does not know it: it came with ${since.join(".")}`;
  if (config && !config.some((option) => ["y", "m"].includes(kernel.value(option))))
    return `the kernel was built without CONFIG_${config[0]}`;
  return undefined;
}

function isSince(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [has = 0, hasMinor = 0] = (version ?? "").split(".").map(Number);
  return has > major || (has === major && hasMinor >= minor);
}
