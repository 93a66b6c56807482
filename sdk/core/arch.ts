/** The machine architectures we build for, in OCI's (and Go's) spelling. */
export const ARCHES = ["amd64", "arm64", "s390x"] as const;

/** An architecture in OCI's spelling. */
export type Arch = (typeof ARCHES)[number];

/** Whether text is one of {@link ARCHES}. */
export function isArch(text: string): text is Arch {
  return (ARCHES as readonly string[]).includes(text);
}
