import { dirname } from "node:path/posix";
import type { DebianImage } from "../definition/debian-image.ts";
import { Service } from "../definition/service.ts";
import type { ServiceArgs } from "../definition/service-args.ts";
import { type Volume, volumeMount } from "../definition/volume.ts";
import { CONFIG, CONTAINERD_CONFIG, CONTAINERD_DEBUG_SOCKET, CONTAINERD_SOCKET, DATA, type EngineMode, PROGRAM } from "./engine-image.ts";
import { ENGINE_MODULES, SWARM_MODULES } from "./kernel-modules.ts";

/** The port on which an engine of a swarm answers with TLS: Docker's own (IANA, docker-s). */
export const ENGINE_PORT = 2376;

/** The secrets of a node's engine, files below /run/secrets: the authority, and its own certificate and key. */
export const ENGINE_SECRETS = { ca: "ca.pem", certificate: "server.pem", key: "server.key" } as const;

/** What the engine keeps for as long as the machine runs: network namespaces, the pipes of containers. */
const STATE = "/run/docker";

/**
 * The process namespace of containerd, in which the engine is too: the hook that gives a container its network is the engine's
 * program, which is named by the number of its process (moby, daemon/oci_linux.go, WithLibnetwork). The kernel ends
 * the engine when containerd ends, and with it all containers (pid_namespaces(7)), so the engine starts again and sees what is left.
 */
const PROCESSES = "/run/docker-processes/pid";

const REMOTE = [
  ...["--host", `tcp://0.0.0.0:${ENGINE_PORT}`, "--tlsverify"],
  ...["--tlscacert", `/run/secrets/${ENGINE_SECRETS.ca}`],
  ...["--tlscert", `/run/secrets/${ENGINE_SECRETS.certificate}`, "--tlskey", `/run/secrets/${ENGINE_SECRETS.key}`],
];

/** What the services of an engine are made of. */
interface EngineParts {
  readonly data: Volume;
  readonly socket: string;
  readonly image: DebianImage;
  readonly mode: EngineMode;
}

/** containerd and the engine. */
export function engineServices({ data, socket, image, mode }: EngineParts): Service[] {
  const folder = dirname(socket);
  const common = {
    image,
    modules: mode === "swarm" ? [...ENGINE_MODULES, ...SWARM_MODULES] : ENGINE_MODULES,
    net: "host",
    capabilities: ["all"],
    // what runc asks the kernel for beside the default: a ring of keys for each container
    seccomp: { base: "default", allow: ["keyctl", "add_key", "request_key"] },
    devices: [{ path: "all", type: "a" }],
    resources: { pids: { limit: -1 } },
    rlimits: ["nofile,1048576,1048576"],
    maskedPaths: [],
    readonlyPaths: [],
  } as const satisfies Partial<ServiceArgs>;
  const containerd = new Service("containerd", {
    ...common,
    command: ["containerd", "--config", CONTAINERD_CONFIG],
    cgroup: "delegated",
    // setuid programs of containers work, as in Docker
    noNewPrivileges: false,
    forwards: true,
    // what the engine mounts for a container, runc finds here
    rootfsPropagation: "rslave",
    binds: [`${data.name}:${DATA}:rslave`, `${STATE}:${STATE}:rslave`, "/run/containerd:/run/containerd"],
    // what runc and containerd know of containers ends with these
    tmpfs: ["/run", "/tmp", "/var/lib/containerd", `${STATE}/runtime-runc`],
    runtime: {
      mounts: [
        { destination: volumeMount(data.name), options: ["rshared"] },
        { type: "tmpfs", source: "docker", destination: STATE, options: ["nosuid", "nodev", "mode=711", "size=64m", "shared"] },
      ],
      mkdir: ["/run/containerd", `${STATE}/runtime-runc`],
      bindNS: { pid: PROCESSES },
    },
    health: { http: { socket: CONTAINERD_DEBUG_SOCKET, path: "/debug/vars" }, timeout: 30 },
  });
  const engine = new Service("docker", {
    ...common,
    // a swarm excludes live-restore, so an engine that ends asks its containers to end
    command: [
      ...(mode === "swarm" ? ["dockerd", "--config-file", CONFIG, ...REMOTE] : [PROGRAM, "docker-engine"]),
      ...["--host", `unix://${socket}`, "--exec-root", STATE, "--containerd", CONTAINERD_SOCKET],
    ],
    // a node is known by the machine's name
    ...(mode === "swarm" && { uts: "host", secrets: Object.fromEntries(Object.values(ENGINE_SECRETS).map((name) => [name, ""])) }),
    env: { DOCKER_HOST: `unix://${socket}` },
    after: ["containerd"],
    pid: PROCESSES,
    forwards: true,
    rootfsPropagation: "rshared",
    binds: [
      `${data.name}:${DATA}:rshared`,
      `${STATE}:${STATE}:rshared`,
      "/run/containerd:/run/containerd",
      "/etc/resolv.conf:/etc/resolv.conf:ro",
      ...(folder === STATE ? [] : [`${folder}:${folder}`]),
    ],
    tmpfs: ["/run", "/tmp", "/etc/docker"],
    ...(folder !== STATE && { runtime: { mkdir: [folder] } }),
    health: { http: { socket, path: "/_ping" }, timeout: 30 },
    // containers have 15 s to end (dockerd(8), --shutdown-timeout)
    stopTimeout: 60,
  });
  return [containerd, engine];
}
