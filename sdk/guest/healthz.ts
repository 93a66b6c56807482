import { ANSWER } from "./files/healthz.ts";
import type { GuestFile } from "./guest-file.ts";
import { ownContainerFiles } from "./own-container.ts";

/** The capabilities of the container that serves the aggregate health. */
export const HEALTHZ_CAPABILITIES: readonly string[] = ["CAP_NET_BIND_SERVICE"];

/**
 * The bundle that serves the aggregate health on `port`, at `GET /healthz`. Its container contains only BusyBox, one script
 * and the states of the services.
 *
 * @param seccomp its filter of system calls, in the form of the runtime specification
 */
export function healthzFiles(port: number, seccomp?: object): readonly GuestFile[] {
  return ownContainerFiles({
    name: "healthz",
    args: ["/bin/busybox", "nc", "-ll", "-p", String(port), "-e", "/bin/answer"],
    files: { "bin/answer": { contents: ANSWER, mode: 0o755 } },
    binds: { services: "/run/linuxkit/services" },
    capabilities: HEALTHZ_CAPABILITIES,
    namespaces: ["pid", "ipc", "uts", "mount", "cgroup"],
    // the limit of concurrent connections: each is a process
    memory: 16 << 20,
    pids: 32,
    seccomp,
  });
}
