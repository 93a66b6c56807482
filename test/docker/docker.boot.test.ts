import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { findProgram, runProgram } from "../../sdk/doctor/program.ts";
import { Image } from "../../sdk/index.ts";
import { ask, buildWhole, spy } from "../guest/image.ts";
import { scratch } from "../support/judge.ts";
import { boot, type Booted } from "../support/qemu.ts";
import { tarOf } from "../support/test-image.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/docker", import.meta.url));
const SPY_PORT = 8100;
const MOST_MB = 88;

/** A page that says how often the container was started and asked to end. */
const PAGE = "/data/index.html";
const COMMAND = `echo start >>${PAGE}; trap 'echo end >>${PAGE}; exit' TERM; busybox httpd -f -p 80 -h /data & wait`;

/** An archive as `docker save` writes it (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"). */
async function writeArchive(path: string): Promise<void> {
  const program = await readFile(execFileSync("which", ["busybox"], { encoding: "utf8" }).trim());
  const layer = await tarOf([directoryEntry("bin"), fileEntry("bin/busybox", program, 0o755), directoryEntry("data")]);
  const config = {
    os: "linux",
    architecture: "amd64",
    config: { Cmd: ["/bin/busybox", "sh", "-c", COMMAND] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  };
  const manifest = [{ Config: "config.json", RepoTags: ["web:1"], Layers: ["layer.tar"] }];
  const files = { "manifest.json": JSON.stringify(manifest), "config.json": JSON.stringify(config), "layer.tar": layer };
  await writeFile(path, await tarOf(Object.entries(files).map(([name, content]) => fileEntry(name, content))));
}

async function exampleDefinition(config: Readonly<Record<string, string>>): Promise<Definition> {
  const resources = await runProgram(await findProgram(EXAMPLE, undefined, config), {}, AbortSignal.timeout(120_000));
  const build = resources.find(({ type }) => type === "linuxkit:index:ImageBuild");
  return build?.inputs["image"] as Definition;
}

/** What the page says once it says what is wanted, or at last. A new engine takes a while to publish the port again. */
async function page(machine: Booted, wanted: string): Promise<string> {
  let said = "";
  for (const until = performance.now() + 120_000; said !== wanted && performance.now() < until; await sleep(500)) {
    const answer = fetch(`http://127.0.0.1:${machine.port(8080)}/`, { signal: AbortSignal.timeout(30_000) });
    said = await answer.then((got) => got.text()).catch((error: Error) => `${error.message}: ${error.cause}`);
  }
  return said;
}

async function shows(machine: Booted, wanted: string): Promise<void> {
  const said = await page(machine, wanted);
  assert.equal(
    said,
    wanted,
    said === wanted ? "" : await ask(machine, "tail -n 20 /host/run/log/docker*.log /host/run/log/containerd.log", SPY_PORT),
  );
}

const isHealthyAgain = (name: string, after: number) => (line: { stage: string; name?: string; state?: string }, index: number) =>
  index >= after && line.stage === "service" && line.name === name && line.state === "healthy";

test("examples/docker runs a container that outlives the engine, and comes back with its data after a reboot", {
  timeout: 1_800_000,
}, async (t) => {
  await using folder = await scratch();
  const archive = join(folder.path, "web.tar");
  await writeArchive(archive);
  const definition = await exampleDefinition({ image: "web:1", archive });
  const eye = new Image({ services: [spy({ port: SPY_PORT, capabilities: ["CAP_KILL", "CAP_SYS_PTRACE"] })] }).spec.services;
  const built = await buildWhole({ ...definition, services: { ...definition.services, ...eye } });
  const bytes = await Promise.all([built.kernel, built.initrd].map(async (path) => (await stat(path)).size));
  const megabytes = bytes.reduce((sum, size) => sum + size, 0) / 1e6;
  t.diagnostic(`kernel and initrd: ${megabytes.toFixed(1)} MB`);
  assert.ok(megabytes <= MOST_MB, `${megabytes} MB`);

  const path = join(folder.path, "docker.raw");
  await writeFile(path, "");
  await truncate(path, 2 ** 31);
  const start = () =>
    boot({
      ...built,
      memoryMiB: 1024,
      ports: [8080, SPY_PORT],
      disks: [{ path, format: "raw", serial: "docker" }],
      longest: 800,
    });
  {
    await using machine = await start();
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
  await using machine = await start();
  await machine.until("health", ({ stage }) => stage === "healthy");
  // the container was asked to end before the machine did
  await shows(machine, "start\nstart\nend\nstart\n");
});
