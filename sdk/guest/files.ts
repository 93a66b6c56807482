import { type Forwarded, forwardFiles } from "./forward.ts";
import type { GuestFile } from "./guest-file.ts";
import { healthzFiles } from "./healthz.ts";
import { httpsFiles } from "./https.ts";

/** The path of the file that shows that the image was unpacked completely. It must be the last entry of the last segment. */
export const END_MARK = "lib/linuxkit/complete";

/** If an initramfs does not fit into memory, the kernel continues with a part of it, so the init first checks {@link END_MARK}. */
export const END_MARK_CONTENTS = "complete\n";

/** Empty folders of the root filesystem at which the init mounts. */
export const MOUNT_POINTS: readonly string[] = ["dev", "mnt", "proc", "run", "sys", "tmp", "var"];

/** Where the guest's program lies. */
export const PROGRAM = "init";

/** Links to {@link PROGRAM}: what the kernel starts for an orderly end of the machine. */
export const PROGRAM_LINKS: readonly string[] = ["sbin/poweroff", "sbin/reboot"];

/** The options of {@link guestFiles}, from the definition of the OS. */
export interface GuestFileOptions {
  /** Where `GET /healthz` is answered. @default nowhere */
  readonly healthPort?: number;
  /** The filter of system calls of the guest's own containers. */
  readonly seccomp?: object;
  /** The services whose logs are sent on. */
  readonly forwarded?: readonly Forwarded[];
  /** Whether a service is asked for its health over TLS. */
  readonly asksTls?: boolean;
}

/**
 * The guest's own files, in the order of their paths. To them belong, from elsewhere: {@link PROGRAM} with its links,
 * `crun` or `runc`, the {@link MOUNT_POINTS}, `etc/modules.list`, the machine's description and {@link END_MARK}.
 */
export function guestFiles({ healthPort, seccomp, forwarded = [], asksTls = false }: GuestFileOptions = {}): readonly GuestFile[] {
  const files: GuestFile[] = [
    ...(healthPort === undefined ? [] : healthzFiles(healthPort, seccomp)),
    ...(forwarded.length > 0 ? forwardFiles(forwarded, seccomp) : []),
    ...(asksTls ? httpsFiles(seccomp) : []),
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
