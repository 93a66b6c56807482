/** The architectures that images are built for, as OCI (and Go) spell them. */
export const ARCHES = ["amd64", "arm64", "s390x"] as const;

/** An architecture, as OCI spells it. */
export type Arch = (typeof ARCHES)[number];

/** Whether `text` is one of {@link ARCHES}. */
export function isArch(text: string): text is Arch {
  return (ARCHES as readonly string[]).includes(text);
}
