import { ANSWER } from "./files/healthz.ts";
import type { GuestFile } from "./guest-file.ts";
import { ownContainerFiles } from "./own-container.ts";

/** What the container that serves the aggregate health may do. */
export const HEALTHZ_CAPABILITIES: readonly string[] = ["CAP_NET_BIND_SERVICE"];

/**
 * The bundle that serves the aggregate health on `port`, at `GET /healthz`: a container like any other, which sees
 * BusyBox, one script and the states of the services, and nothing else.
 *
 * @param seccomp its filter of system calls, as the runtime specification has it
 */
export function healthzFiles(port: number, seccomp?: object): readonly GuestFile[] {
  return ownContainerFiles({
    name: "healthz",
    args: ["/bin/busybox", "nc", "-ll", "-p", String(port), "-e", "/bin/answer"],
    files: { "bin/answer": { contents: ANSWER, mode: 0o755 } },
    binds: { services: "/run/linuxkit/services" },
    capabilities: HEALTHZ_CAPABILITIES,
    namespaces: ["pid", "ipc", "uts", "mount", "cgroup"],
    // each connection is a process: this many at once
    memory: 16 << 20,
    pids: 32,
    seccomp,
  });
}
