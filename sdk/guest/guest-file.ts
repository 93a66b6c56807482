/** A file of the guest, owned by root. */
export interface GuestFile {
  /** Relative to the root: `init`, `lib/linuxkit/mounts`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly contents: string;
}
