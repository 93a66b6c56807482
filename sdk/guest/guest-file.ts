/** A file of the guest. */
export interface GuestFile {
  /** Relative to the root: `lib/linuxkit/healthz/config.json`. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly contents: string;
  /** Its user and group. @default root */
  readonly owner?: number;
}
