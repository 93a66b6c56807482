import type { GuestFile } from "./guest-file.ts";
import { ownContainerFiles } from "./own-container.ts";

/** Where the build puts the program for what the machine does over TLS, if it does anything. */
export const TLS_PROGRAM = "lib/linuxkit/bin/linuxkit-tls";

/**
 * The bundle that asks services for their health over TLS. It has no network and no file: PID 1 sends it connections,
 * each with what is to be asked.
 *
 * @param seccomp its filter of system calls, in the form of the runtime specification
 */
export function httpsFiles(seccomp?: object): readonly GuestFile[] {
  return ownContainerFiles({
    name: "https",
    args: ["checks"],
    program: `/${TLS_PROGRAM}`,
    files: {},
    binds: { checks: "/run/linuxkit/https" },
    capabilities: [],
    namespaces: ["pid", "ipc", "uts", "mount", "cgroup", "network"],
    memory: 32 << 20,
    pids: 32,
    seccomp,
  });
}
