import type { GuestFile } from "./guest-file.ts";
import { TLS_PROGRAM } from "./https.ts";
import { ownContainerFiles } from "./own-container.ts";

/** The capabilities of the container that ends the TLS of the machine's interface. */
export const API_CAPABILITIES: readonly string[] = ["CAP_NET_BIND_SERVICE"];

/** Its user and group. */
const NOBODY = 65534;

/**
 * The bundle that takes connections to the machine's interface: it has the keys and the two channels to PID 1, and
 * nothing else.
 *
 * @param seccomp its filter of system calls, in the form of the runtime specification
 */
export function apiFiles(
  {
    port,
    clientCa,
    certificate,
    key,
  }: { readonly port: number; readonly clientCa: string; readonly certificate: string; readonly key: string },
  seccomp?: object,
): readonly GuestFile[] {
  return ownContainerFiles({
    name: "api",
    args: ["api", String(port)],
    program: `/${TLS_PROGRAM}`,
    files: {
      "etc/api/certificate.pem": { contents: certificate, mode: 0o644 },
      "etc/api/clients.pem": { contents: clientCa, mode: 0o644 },
      "etc/api/key.pem": { contents: key, mode: 0o400, owner: NOBODY },
    },
    binds: { channels: "/run/linuxkit/api" },
    capabilities: API_CAPABILITIES,
    namespaces: ["pid", "ipc", "uts", "mount", "cgroup"],
    memory: 64 << 20,
    pids: 64,
    seccomp,
  });
}
