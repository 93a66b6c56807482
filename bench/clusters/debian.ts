import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build, debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { ENGINE_MODULES } from "../../sdk/docker/kernel-modules.ts";
import { WEB, writeBusyboxArchive } from "../../test/kubernetes/support/programs.ts";
import { boot, type Booted } from "../../test/support/qemu.ts";
import { addUnit, debianMachine, debianTree } from "../footprint/debian-machine.ts";
import { METER_PORT } from "../footprint/meter.ts";
import { awaitReplicas } from "./answers.ts";
import type { Column } from "./column.ts";
import { debianAtRest, METER_SCRIPT } from "./debian-meter.ts";
import { ending, MEMORY_MIB, REST_MS, type Work } from "./work.ts";

/** The packages of the engine: those of `docker()` (sdk/docker/engine-image.ts). */
const PACKAGES = ["docker.io", "containerd", "runc", "iptables", "tini", "ca-certificates"];
const IMAGE = "srv/web.tar";
/** What the service `docker-setup` of `docker()` does. */
const UNIT = `[Unit]
Requires=docker.service
After=docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/docker load --input /${IMAGE}
ExecStart=/usr/bin/docker run --detach --restart always --name web --publish 8080:80 ${WEB.name}
[Install]
WantedBy=multi-user.target
`;

/** Measures a Debian 12 with the same packages of Docker, the same kernel and the same container. */
export async function debianDocker({ folder, note, host, day, ...work }: Work): Promise<Column> {
  using over = ending(work.signal);
  const { signal } = over;
  const own = join(folder, "debian-docker");
  await mkdir(own, { recursive: true });
  note("debian: making it with debootstrap");
  const tree = await debianTree(own, PACKAGES, signal);
  const archive = join(own, "web.tar");
  await writeBusyboxArchive(archive, WEB.name, WEB.script);
  await copyFile(archive, join(tree, IMAGE));
  await addUnit(tree, "web.service", UNIT);
  const {
    boot: options,
    kernelBytes,
    rootBytes,
  } = await debianMachine(own, tree, {
    lock: await kernelLock(own, signal),
    modules: ENGINE_MODULES,
    disk: "4G",
  });
  note("debian: starting its machine");
  const began = performance.now();
  await using machine = await boot({ ...options, memoryMiB: MEMORY_MIB, ports: [8080, METER_PORT], longest: 1800 });
  await Promise.race([
    awaitReplicas([`http://127.0.0.1:${machine.port(8080)}/`], 1, signal),
    machine.ended.then(() => Promise.reject(new Error(`Debian's machine ended:\n${machine.console().slice(-4000)}`))),
  ]);
  const seconds = (performance.now() - began) / 1000;
  note(`debian: leaving it at rest for ${REST_MS / 1000} s`);
  await sleep(REST_MS, undefined, { signal });
  const { kernel, ...rest } = debianAtRest(MEMORY_MIB, await ask(machine, METER_SCRIPT));
  const files = [
    { name: "kernel", bytes: kernelBytes },
    { name: "files of the root", bytes: rootBytes },
  ];
  const name = { name: "machine", kind: "machine", memoryMiB: MEMORY_MIB };
  return {
    ...{ part: "debian", day, host, kernel, accelerator: "tcg", replicas: 1 },
    sizes: [{ kind: "machine", files, segments: [], packages: [] }],
    nodes: [{ ...name, ready: seconds, ...rest }],
    ...{ ready: seconds, answering: seconds },
  };
}

/** The lock of an OS with the kernel of the other parts, and BusyBox. */
async function kernelLock(folder: string, signal: AbortSignal) {
  const os = new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: [new Service("busybox", { image: debian.packages({ packages: ["busybox-static"] }), command: ["busybox", "true"] })],
  });
  return (await build(os, { outputDir: join(folder, "kernel"), name: "os", sbom: false, signal })).lock;
}

/** The output of a script that the meter runs. */
async function ask(machine: Booted, script: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${machine.port(METER_PORT)}/cgi-bin/run`, {
    method: "POST",
    body: script,
    signal: AbortSignal.timeout(60_000),
  });
  return answer.text();
}
