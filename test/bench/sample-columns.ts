import type { MachineStatus, ServiceStatus } from "../../sdk/api/request.ts";
import type { Column, NodeFigures } from "../../bench/clusters/column.ts";

/** A service of a recorded status. */
export function service(name: string, memory: number, processes: number): ServiceStatus {
  return { name, state: "ok", since: 1, running: true, restarts: 0, pid: 100, memory, cpuSeconds: 1, processes };
}

/** A recorded status of a machine with 1024 MiB and Docker. */
export const STATUS: MachineStatus = {
  ...{ kernel: "6.1.0-41-cloud-amd64", bootId: "b", uptime: 90, healthy: true, tasks: [] },
  ...{ memoryTotal: 1_010_000_000, memoryAvailable: 600_000_000 },
  // the last one has no control group of its own
  services: [service("containerd", 60_000_000, 20), service("docker", 90_000_000, 12), service("docker-setup", 0, 0)],
};

const node = (name: string, kind: string, used: number): NodeFigures => ({
  ...{ name, kind, memoryMiB: 1024, ready: 10, used, processes: 40 },
  memory: [
    { name: "kernel, before MemTotal", bytes: 60_000_000 },
    { name: "docker", bytes: 90_000_000 },
    { name: "kernel, PID 1, root in memory", bytes: used - 90_000_000 },
  ],
});

const column = (part: Column["part"], more: Partial<Column>): Column => ({
  ...{ part, day: "2026-11-30", host: "2 CPUs", kernel: "6.1", accelerator: "tcg", replicas: 1, ready: 10, answering: 12 },
  sizes: [
    {
      kind: "machine",
      files: [
        { name: "kernel", bytes: 14_000_000 },
        { name: "initrd", bytes: 6_000_000 },
      ],
      segments: [{ name: "services.web", bytes: 1_234_567 }],
      packages: [{ part: "services.web", name: "busybox-static", bytes: 2_000_001 }],
    },
  ],
  nodes: [node("machine", "machine", 100_000_000)],
  ...more,
});

/** Figures as a whole run has them. */
export const COLUMNS: readonly Column[] = [
  column("bare", { roll: { seconds: 9, asked: 180, elsewhere: 0, unanswered: 90 } }),
  column("docker", { nodes: [node("machine", "machine", 400_000_000)], roll: { seconds: 30, asked: 600, elsewhere: 0, unanswered: 500 } }),
  column("swarm", {
    ...{ replicas: 3, back: 21.5, roll: { seconds: 300, asked: 6000, elsewhere: 12, unanswered: 0 } },
    nodes: ["m1", "m2", "m3"].map((name) => node(name, "manager", 500_000_000)),
    sizes: [{ kind: "manager", files: [{ name: "kernel", bytes: 14_000_000 }], segments: [], packages: [] }],
  }),
  column("kubernetes", {
    ...{ replicas: 2, back: 350, roll: { seconds: 900, asked: 18_000, elsewhere: 40, unanswered: 1 } },
    nodes: [
      node("control-1", "control plane", 900_000_000),
      node("worker-1", "worker", 400_000_000),
      node("worker-2", "worker", 420_000_000),
    ],
    sizes: [],
  }),
  column("debian", {
    sizes: [{ kind: "machine", files: [{ name: "files of the root", bytes: 600_000_000 }], segments: [], packages: [] }],
    nodes: [node("machine", "machine", 200_000_000)],
  }),
];
