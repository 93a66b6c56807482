import assert from "node:assert/strict";
import { stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Definition } from "../../sdk/definition/definition.ts";
import { findProgram, runProgram } from "../../sdk/doctor/program.ts";
import { docker, Image, Volume } from "../../sdk/index.ts";
import { ask, buildWhole, spy } from "../guest/image.ts";
import { writeDockerArchive } from "../support/docker-archive.ts";
import { DockerRegistry } from "../support/docker-registry.ts";
import { scratch } from "../support/judge.ts";
import { boot, type Booted } from "../support/qemu.ts";
import { mustRun } from "../support/run-tool.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/docker", import.meta.url));
const SPY_PORT = 8100;
const MOST_MB = 90;

async function exampleDefinition(config: Readonly<Record<string, string>>): Promise<Definition> {
  const resources = await runProgram(await findProgram(EXAMPLE, undefined, config), {}, AbortSignal.timeout(120_000));
  const build = resources.find(({ type }) => type === "linuxkit:index:ImageBuild");
  return build?.inputs["image"] as Definition;
}

/** The same services, and a second container whose image is pulled from a registry of this host. */
function withPulled(definition: Definition, archive: string, { host }: DockerRegistry): Definition {
  // as the guest sees the host (QEMU, "Network emulation")
  const seen = `10.0.2.2:${host.split(":")[1]}`;
  const pulled = `${seen}/pulled:1`;
  const data = new Volume("docker", { persistent: { serial: "docker" } });
  const services = docker({
    data,
    images: [`docker-archive:${archive}`, pulled],
    containers: {
      web: { image: "web:1", options: ["--publish", "8080:80", "--volume", "web:/data"] },
      pulled: { image: pulled, options: ["--publish", "8081:80"] },
    },
    daemon: { "log-opts": { "max-size": "10m" }, "insecure-registries": [seen] },
  });
  return { ...definition, services: { ...definition.services, ...new Image({ volumes: [data], services: [...services] }).spec.services } };
}

/** What the page says once it says what is wanted, or at last. A new engine takes a while to publish the port again. */
async function page(machine: Booted, wanted: string, port: number): Promise<string> {
  let said = "";
  for (const until = performance.now() + 120_000; said !== wanted && performance.now() < until; await sleep(500)) {
    const answer = fetch(`http://127.0.0.1:${machine.port(port)}/`, { signal: AbortSignal.timeout(30_000) });
    said = await answer.then((got) => got.text()).catch((error: Error) => `${error.message}: ${error.cause}`);
  }
  return said;
}

async function shows(machine: Booted, wanted: string, port = 8080): Promise<void> {
  const said = await page(machine, wanted, port);
  assert.equal(
    said,
    wanted,
    said === wanted ? "" : await ask(machine, "tail -n 20 /host/run/log/docker*.log /host/run/log/containerd.log", SPY_PORT),
  );
}

const isHealthyAgain = (name: string, after: number) => (line: { stage: string; name?: string; state?: string }, index: number) =>
  index >= after && line.stage === "service" && line.name === name && line.state === "healthy";

test("examples/docker runs a container that outlives the engine, and comes back with its data beside one that is pulled", {
  timeout: 1_800_000,
}, async (t) => {
  await using folder = await scratch();
  const archive = join(folder.path, "web.tar");
  await writeDockerArchive(archive);
  const definition = await exampleDefinition({ image: "web:1", archive });
  const eye = new Image({ services: [spy({ port: SPY_PORT, capabilities: ["CAP_KILL", "CAP_SYS_PTRACE"] })] }).spec.services;
  const whole = (os: Definition) => buildWhole({ ...os, services: { ...os.services, ...eye } });
  const built = await whole(definition);
  const bytes = await Promise.all([built.kernel, built.initrd].map(async (path) => (await stat(path)).size));
  const megabytes = bytes.reduce((sum, size) => sum + size, 0) / 1e6;
  t.diagnostic(`kernel and initrd: ${megabytes.toFixed(1)} MB`);
  assert.ok(megabytes <= MOST_MB, `${megabytes} MB`);

  const path = join(folder.path, "docker.raw");
  await writeFile(path, "");
  await truncate(path, 2 ** 31);
  const start = (os: typeof built) =>
    boot({
      ...os,
      memoryMiB: 1024,
      ports: [8080, 8081, SPY_PORT],
      disks: [{ path, format: "raw", serial: "docker" }],
      longest: 800,
    });
  {
    await using machine = await start(built);
    await machine.until("health", ({ stage }) => stage === "healthy");
    await shows(machine, "start\n");

    const before = machine.lines.length;
    const memory = "grep -E 'MemTotal|MemAvailable' /host/proc/meminfo";
    t.diagnostic((await ask(machine, `${memory}; kill -9 $(busybox pidof dockerd)`, SPY_PORT)).replaceAll(/\s+/g, " "));
    await machine.until("the engine again", (line) => isHealthyAgain("docker", before)(line, machine.lines.indexOf(line)));
    await shows(machine, "start\n");

    // with containerd its containers end; the engine sees it, and starts them as their policy has it
    const later = machine.lines.length;
    await ask(machine, "kill -9 $(busybox pidof containerd)", SPY_PORT);
    await machine.until("the engine again", (line) => isHealthyAgain("docker", later)(line, machine.lines.indexOf(line)));
    await shows(machine, "start\nstart\n");

    await machine.pressPower();
    await machine.ended;
  }
  // the next OS has one container more, and leaves the other as it is
  await using registry = await DockerRegistry.start();
  await mustRun("skopeo", "copy", "--dest-tls-verify=false", `docker-archive:${archive}`, `docker://${registry.host}/pulled:1`);
  await using machine = await start(await whole(withPulled(definition, archive, registry)));
  await machine.until("health", ({ stage }) => stage === "healthy");
  // the container was asked to end before the machine did
  await shows(machine, "start\nstart\nend\nstart\n");
  await shows(machine, "start\n", 8081);
});
