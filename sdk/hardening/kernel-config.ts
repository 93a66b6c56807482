import type { Needs } from "./setting.ts";

/** The configuration that a kernel was built with. */
export interface KernelConfig {
  /** From the header of the configuration: `6.1.192`; `undefined` if the header lacks it. */
  readonly version: string | undefined;
  /** The value of an option, named without `CONFIG_`: `y`, `m`, a number, or text without quotes; `n` if it is off or unknown. */
  value(option: string): string;
}

/** Parses a kernel's configuration: the text of `/boot/config-…` or of `/proc/config.gz`, decompressed. */
export function parseKernelConfig(text: string): KernelConfig {
  const values = new Map(
    [...text.matchAll(/^CONFIG_(\w+)=(?:"(.*)"|(.*))$/gm)].map(([, name, quoted, plain]) => [name as string, quoted ?? plain ?? ""]),
  );
  return {
    version: /^# Linux\/\S+ (\d+\.\d+\S*) Kernel Configuration$/m.exec(text)?.[1],
    value: (option) => values.get(option) ?? "n",
  };
}

/** Why a setting has no effect on a kernel; `undefined` if it has. */
export function inertReason({ config, since }: Needs, kernel: KernelConfig): string | undefined {
  if (since && !isSince(kernel.version, since))
    return `Linux ${kernel.version ?? "of unknown version"} does not support it: it was added in ${since.join(".")}`;
  if (config && !config.some((option) => ["y", "m"].includes(kernel.value(option))))
    return `the kernel was built without CONFIG_${config[0]}`;
  return undefined;
}

function isSince(version: string | undefined, [major, minor]: readonly [number, number]): boolean {
  const [has = 0, hasMinor = 0] = (version ?? "").split(".").map(Number);
  return has > major || (has === major && hasMinor >= minor);
}
