import { Config, type Input } from "@pulumi/pulumi";
import { debian, docker, File, Image, Kernel, OnbootTask, Service, Volume } from "pulumi-linuxkit";
import { KubernetesCluster } from "pulumi-linuxkit/kubernetes";
import { Disk, Machine } from "pulumi-linuxkit/qemu";
import { SwarmCluster } from "pulumi-linuxkit/swarm";

/** What a part of the benchmark exports. */
interface Outputs {
  /** Where each node answers for the workload, by its name. */
  readonly urls: Input<Readonly<Record<string, Input<string>>>>;
  readonly endpoints?: SwarmCluster["endpoints"];
  readonly client?: SwarmCluster["client"];
  readonly kubeconfig?: KubernetesCluster["kubeconfig"];
}

const config = new Config();
const name = "bench";
const port = config.requireNumber("port");
/** The image of the workload, and others that no registry has: files of `docker save`. */
const archives = config.getObject<string[]>("archives") ?? [];
/** The container's image, and the script of its page. */
const workload = config.requireObject<{ readonly image: string; readonly script: string }>("workload");
const memoryMiB = config.requireNumber("memoryMiB");
/** Under emulation, on a busy computer. */
const timeoutSeconds = 1800;

/** Every OS: the mark is all that changes when its image does. */
const base = {
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  files: [new File("/etc/bench", { contents: `${config.require("mark")}\n`, mode: "0644" })],
};

/** The URLs of nodes whose host ports follow each other. */
const urlsOf = (...nodes: string[]): Record<string, string> =>
  Object.fromEntries(nodes.map((node, index) => [node, `http://127.0.0.1:${port + index}/`]));

/** The bare OS, with the workload as a service of its own. */
function bare(): Outputs {
  const web = new Service("web", {
    image: debian.packages({ packages: ["busybox-static"] }),
    command: ["busybox", "sh", "-c", workload.script],
    capabilities: ["CAP_NET_BIND_SERVICE"],
    tmpfs: ["/tmp"],
    health: { http: { port: 80 } },
  });
  new Machine(name, { image: new Image({ ...base, services: [web] }), memoryMiB, timeoutSeconds, publish: [`${port}:80`] });
  return { urls: urlsOf("machine") };
}

function withDocker(): Outputs {
  const data = new Volume("docker", { persistent: { serial: "docker" } });
  const services = docker({
    data,
    images: archives.map((archive) => `docker-archive:${archive}`),
    containers: { web: { image: workload.image, options: ["--publish", "8080:80"] } },
  });
  const disks = [new Disk(name, { sizeMiB: 4096, serial: "docker" })];
  const image = new Image({ ...base, volumes: [data], services: [...services] });
  new Machine(name, { image, memoryMiB, timeoutSeconds, disks, publish: [`${port}:8080`] });
  return { urls: urlsOf("machine") };
}

function swarm(): Outputs {
  const { endpoints, client } = new SwarmCluster(name, {
    managers: 3,
    image: new Image(base),
    docker: { images: archives.map((archive) => `docker-archive:${archive}`) },
    machine: { memoryMiB, timeoutSeconds, diskMiB: 4096, publish: [`${port}:8080`] },
  });
  return { urls: urlsOf("m1", "m2", "m3"), endpoints, client };
}

function kubernetes(): Outputs {
  const { kubeconfig } = new KubernetesCluster(name, {
    ...{ version: config.require("version"), programs: config.require("programs"), archives, workers: 2 },
    apiPort: config.requireNumber("apiPort"),
    control: { timeoutSeconds },
    worker: { memoryMiB, timeoutSeconds, publish: [`${port}:30080`] },
    image: { files: base.files },
  });
  return { urls: urlsOf("worker-1", "worker-2"), kubeconfig };
}

const parts: Readonly<Record<string, () => Outputs>> = { bare, docker: withDocker, swarm, kubernetes };
const made = parts[config.require("part")]?.();
export const urls = made?.urls;
export const endpoints = made?.endpoints;
export const client = made?.client;
export const kubeconfig = made?.kubeconfig;
