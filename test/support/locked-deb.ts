import type { LockedDeb } from "../../sdk/debian/locked.ts";

/** A package as a lock has it, whose file does not exist. */
export function lockedDeb(name: string, version: string, more: Partial<LockedDeb> = {}): LockedDeb {
  return {
    name,
    version,
    architecture: "amd64",
    filename: `pool/${name}.deb`,
    size: 1,
    sha256: "0".repeat(64),
    archive: "debian",
    keep: "slim",
    ...more,
  };
}
