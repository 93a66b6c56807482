import type { GuestFile } from "./guest-file.ts";
import { ownContainerFiles } from "./own-container.ts";

/** A service whose log is forwarded, and the collector: `tcp://10.0.0.5:601` or `http://10.0.0.5:8080/path`. */
export interface Forwarded {
  readonly name: string;
  readonly url: string;
}

/**
 * The bundle that sends logs to where they are asked for: it sees the guest's program and the logs, and can write nothing.
 *
 * @param seccomp its filter of system calls, in the form of the runtime specification
 */
export function forwardFiles(forwarded: readonly Forwarded[], seccomp?: object): readonly GuestFile[] {
  return ownContainerFiles({
    name: "forward",
    args: ["forward"],
    files: {
      "etc/forward": { contents: forwarded.map(({ name, url }) => `${name} ${url}\n`).join(""), mode: 0o644 },
    },
    binds: { logs: "/run/log" },
    capabilities: [],
    // the machine's name is part of each message
    namespaces: ["pid", "ipc", "mount", "cgroup"],
    memory: (8 + 4 * forwarded.length) << 20,
    pids: 16 + 8 * forwarded.length,
    seccomp,
  });
}
