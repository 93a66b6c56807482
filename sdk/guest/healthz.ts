import type { GuestFile } from "./guest-file.ts";
import { ownContainerFiles } from "./own-container.ts";

/** The capabilities of the container that serves the aggregate health. */
export const HEALTHZ_CAPABILITIES: readonly string[] = ["CAP_NET_BIND_SERVICE"];

/**
 * The bundle that serves the aggregate health on `port`, at `GET /healthz`: a container like any other, which sees
 * the guest's program and the states of the services, and nothing else.
 *
 * @param seccomp its filter of system calls, in the form of the runtime specification
 */
export function healthzFiles(port: number, seccomp?: object): readonly GuestFile[] {
  return ownContainerFiles({
    name: "healthz",
    args: ["healthz", String(port)],
    files: {},
    binds: { services: "/run/linuxkit/services" },
    capabilities: HEALTHZ_CAPABILITIES,
    namespaces: ["pid", "ipc", "uts", "mount", "cgroup"],
    memory: 16 << 20,
    pids: 32,
    seccomp,
  });
}
