import { debianImage } from "../debian/base/arguments.ts";
import type { DebianFile, DebianImage } from "../definition/debian-image.ts";
import type { Json } from "../core/json.ts";

/** Where the engine keeps images, containers and volumes: its own default. */
export const DATA = "/var/lib/docker";
/** Where containerd's socket is. */
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";
/** Answers in HTTP, as gRPC does not (containerd, docs/man/containerd-config.toml.5.md, "[debug]"). */
export const CONTAINERD_DEBUG_SOCKET = "/run/containerd/debug.sock";
/** The guest's program, which starts the engine and gives it its content. */
export const PROGRAM = "/usr/bin/linuxkit-cluster";

/** Whether an engine is a node of a swarm. */
export type EngineMode = "alone" | "swarm";

// what the engine reads at first, and before it ends: linuxkitd/internal/docker/engine.go
export const CONFIG = "/usr/lib/linuxkit/daemon.json";
const CONFIG_AT_STOP = "/usr/lib/linuxkit/daemon-at-stop.json";
export const CONTAINERD_CONFIG = "/usr/lib/linuxkit/containerd.toml";

const CONTAINERD = `version = 2
root = "/var/lib/containerd"
state = "/run/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[debug]
  address = "${CONTAINERD_DEBUG_SOCKET}"
`;

/** Programs of the packages that an engine does not start: tests of its parts, and what starts containers of other versions. */
const UNUSED = [
  "/usr/bin/containerd-shim",
  "/usr/bin/containerd-shim-runc-v1",
  "/usr/bin/containerd-stress",
  "/usr/bin/ctr",
  "/usr/bin/dnet",
  "/usr/sbin/ovrouter",
];

/** The image that the services of an engine share. */
export function engineImage(daemon: Readonly<Record<string, Json>>, files: readonly DebianFile[], mode: EngineMode): DebianImage {
  const config = (changes: Readonly<Record<string, Json>>): string => `${JSON.stringify({ ...daemon, ...changes }, undefined, 2)}\n`;
  return debianImage({
    program: "linuxkit-cluster",
    packages: ["docker.io", "containerd", "runc", "iptables", "tini", "ca-certificates"],
    leaveOut: [...UNUSED],
    files: [
      { path: CONFIG.slice(1), contents: config({ "live-restore": mode === "alone" }) },
      ...(mode === "alone" ? [{ path: CONFIG_AT_STOP.slice(1), contents: config({ "live-restore": false }) }] : []),
      { path: CONTAINERD_CONFIG.slice(1), contents: CONTAINERD },
      // the root is read-only, so every mount point is in the image
      { path: "etc/resolv.conf", contents: "" },
      ...["etc/docker", "var/lib/containerd"].map((path) => ({ path, directory: true, mode: "0755" })),
      { path: DATA.slice(1), directory: true, mode: "0711" },
      ...files,
    ],
  });
}
