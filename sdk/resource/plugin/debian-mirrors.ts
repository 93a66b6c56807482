/** Debian's mirrors: inputs of the resource, and keys of the stack's configuration for all resources of it. */
export const DEBIAN_MIRRORS = {
  debianMirror: "Debian's mirror, as https://HOST/debian. Without it, the host's own apt sources say.",
  debianSecurityMirror: "Debian's security mirror. Without it, it is sought beside debianMirror, else the host's own is used.",
  debianSnapshot: "A mirror of past states of Debian's archive, for locked packages that the others have dropped.",
} as const;
