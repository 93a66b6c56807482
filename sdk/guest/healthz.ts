import { ANSWER } from "./files/healthz.ts";
import { GUEST_FILE, guestContainer } from "./container.ts";
import type { GuestFile } from "./files.ts";

/** What the container that serves the aggregate health may do. */
export const HEALTHZ_CAPABILITIES: readonly string[] = ["CAP_NET_BIND_SERVICE"];

const BUNDLE = "/lib/linuxkit/healthz";

/**
 * The bundle that serves the aggregate health on `port`, at `GET /healthz`: a container like any other, which sees
 * BusyBox, one script and the states of the services, and nothing else.
 *
 * @param seccomp its filter of system calls, as the runtime specification has it
 */
export function healthzFiles(port: number, seccomp?: object): readonly GuestFile[] {
  const bundle = BUNDLE.slice(1);
  const guest = guestContainer({ name: "linuxkit.healthz", phase: "services", directory: "linuxkit.healthz", rootfs: { readonly: true, extracted: `${BUNDLE}/rootfs` } }, BUNDLE);
  return [
    { path: `${bundle}/config.json`, mode: 0o644, contents: JSON.stringify(runtimeConfig(port, seccomp), undefined, 4) },
    { path: `${bundle}/${GUEST_FILE}`, mode: 0o644, contents: guest },
    { path: `${bundle}/rootfs/bin/answer`, mode: 0o755, contents: ANSWER },
    // what is mounted onto needs to be there: the root is read-only
    { path: `${bundle}/rootfs/bin/busybox`, mode: 0o755, contents: "" },
    // the runtime will not start a container that has none of these folders
    ...["dev", "proc", "services", "sys"].map((folder) => ({ path: `${bundle}/rootfs/${folder}/.keep`, mode: 0o644, contents: "" })),
  ];
}

function runtimeConfig(port: number, seccomp: object | undefined): object {
  const capabilities = HEALTHZ_CAPABILITIES;
  const bind = (source: string, destination: string) => ({ destination, type: "bind", source, options: ["rbind", "ro", "nosuid", "nodev"] });
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: 65534, gid: 65534 },
      args: ["/bin/busybox", "nc", "-ll", "-p", String(port), "-e", "/bin/answer"],
      cwd: "/",
      env: ["PATH=/bin"],
      capabilities: { bounding: capabilities, effective: capabilities, inheritable: capabilities, permitted: capabilities, ambient: capabilities },
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    mounts: [bind("/bin/busybox", "/bin/busybox"), bind("/run/linuxkit/services", "/services")],
    linux: {
      // each connection is a process: this many at once
      resources: { memory: { limit: 16 << 20 }, pids: { limit: 32 } },
      namespaces: ["pid", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      ...(seccomp && { seccomp }),
    },
  };
}
