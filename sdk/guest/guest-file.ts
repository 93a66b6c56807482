/** A file of the guest, owned by root. */
export interface GuestFile {
  /** Relative to the root: `lib/linuxkit/healthz/config.json`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly contents: string;
}
