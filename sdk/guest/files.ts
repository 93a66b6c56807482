import { INIT } from "./files/init.ts";

/** A file of the guest's own, to be owned by root. */
export interface GuestFile {
  /** Relative to the root: `init`, `lib/linuxkit/mounts`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly contents: string;
}

/** Path of the file that says that the whole image was unpacked: it must be the very last entry of the last segment. */
export const END_MARK = "lib/linuxkit/complete";

/** What the kernel reads into memory goes on without what did not fit, so the init looks for {@link END_MARK} first. */
export const END_MARK_CONTENTS = "complete\n";

/** The guest's own files; the caller adds {@link END_MARK}, and `bin/busybox` with the link `bin/sh` to it. */
export function guestFiles(): readonly GuestFile[] {
  return [{ path: "init", mode: 0o755, contents: INIT }];
}
