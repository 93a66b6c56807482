/** The capability sets of a process in `config.json`. */
export interface CapabilitySets {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly permitted?: readonly string[];
  readonly ambient?: readonly string[];
}

/** LinuxKit's sets: effective in the order given; bounding, inheritable and permitted sorted, with the ambient ones. */
export function linuxkitCapabilities(capabilities: readonly string[], ambient: readonly string[]): CapabilitySets {
  if (capabilities.length === 0 && ambient.length === 0) return {};
  const all = sorted([...capabilities, ...ambient]);
  return {
    bounding: all,
    ...(capabilities.length > 0 && { effective: capabilities }),
    inheritable: all,
    permitted: all,
    ...(ambient.length > 0 && { ambient }),
  };
}

/**
 * The sets of the default sandbox. For root only the ambient ones are inheritable, so a file's inheritable bits gain
 * nothing. For any other user all are ambient, because the kernel would otherwise drop them when the program starts.
 */
export function sandboxCapabilities(capabilities: readonly string[], ambient: readonly string[], uid: number): CapabilitySets {
  const all = sorted([...capabilities, ...ambient]);
  if (all.length === 0) return {};
  const kept = uid === 0 ? sorted(ambient) : all;
  return { bounding: all, effective: all, permitted: all, ...(kept.length > 0 && { inheritable: kept, ambient: kept }) };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
