import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import type { Outcome } from "../support/engine-operation.ts";
import { inventory, makeOwnCache } from "../support/own-cache.ts";
import { freePort } from "../support/free-port.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/web/", import.meta.url));
const PAGE = await readFile(join(EXAMPLE, "index.html"), "utf8");

const home = await mkdtemp(join(tmpdir(), "linuxkit-web-"));
const cacheDir = join(home, "cache");
after(() => rm(home, { recursive: true, force: true }));

interface Running extends AsyncDisposable {
  readonly stack: Stack;
  readonly stateDir: string;
}

/** The example, unchanged or with one changed line, in a stack with state and temporary files of its own. */
async function webStack(name: string, change: (program: string) => string = (program) => program): Promise<Running> {
  const [stateDir, temporary, folder] = [join(home, name, "state"), join(home, name, "tmp"), join(home, name, "example")];
  await makeOwnCache(cacheDir);
  await mkdir(temporary, { recursive: true });
  for (const file of ["Pulumi.yaml", "index.ts", "index.html", "package.json"]) await cp(join(EXAMPLE, file), join(folder, file));
  const program = await readFile(join(folder, "index.ts"), "utf8");
  await writeFile(join(folder, "index.ts"), change(program));
  const stack = await makeStack({
    folder,
    config: { "web:port": String(await freePort()) },
    env: { PULUMI_LINUXKIT_STATE: stateDir, PULUMI_LINUXKIT_CACHE: cacheDir, TMPDIR: temporary },
  });
  return {
    stack,
    stateDir,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    },
  };
}

/** The stack's outputs for its machine, compared with the machine's own answers. */
async function seen({ stack }: Running): Promise<{ readonly url: string; readonly bootId: string; readonly pid: number }> {
  const { url, bootId } = (await stack.outputs()) as { url: string; bootId: string };
  const get = async (path: string) => (await fetch(new URL(path, url), { signal: AbortSignal.timeout(30_000) })).text();
  assert.equal(await get("/"), PAGE);
  assert.equal((await get("/boot_id")).trim(), bootId);
  const exported = JSON.parse((await stack.must("stack", "export")).stdout) as {
    deployment: { resources: { type: string; outputs?: { pid: number; consoleLog: string } }[] };
  };
  const vm = exported.deployment.resources.find(({ type }) => type === "linuxkit:index:QemuVm")?.outputs;
  assert.ok(vm);
  assert.match(await readFile(vm.consoleLog, "utf8"), new RegExp(`linuxkit \\S+ \\S+ kernel \\S+ ${bootId}`));
  return { url, bootId, pid: vm.pid };
}

const stepOf = ({ steps }: Outcome, type: string) => steps.filter((step) => step.type === `linuxkit:index:${type}`);
const ops = (outcome: Outcome, type: string) => stepOf(outcome, type).map(({ op }) => op);

/** The ids of processes whose working directory is in a folder: a machine's process works in its state folder. */
async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return pids.filter((_, index) => places[index]?.startsWith(`${folder}/`));
}

/** The files of all artifacts, without the records of their inputs. */
async function artifactFiles(): Promise<string[]> {
  const files = Object.keys(await inventory(join(cacheDir, "artifacts"))).filter((name) => !basename(name).startsWith("."));
  return files.map((name) => join(cacheDir, "artifacts", name));
}

describe("examples/web under the real engine", { timeout: 900_000 }, () => {
  test("answers, stays unchanged, changes by one leaf, restarts after a kill, and is deleted without a trace", async () => {
    await using web = await webStack("life");
    const { stack, stateDir } = web;
    const project = await readdir(stack.directory);
    await stack.up();
    const first = await seen(web);

    const held = await inventory(cacheDir);
    const second = await stack.up();
    assert.deepEqual([...new Set(second.steps.map(({ op }) => op))], ["same"]);
    assert.deepEqual(
      second.events.flatMap(({ summaryEvent }) => Object.keys(summaryEvent?.resourceChanges ?? {})),
      ["same"],
    );
    assert.deepEqual(await inventory(cacheDir), held);
    assert.deepEqual(await seen(web), first);

    const text = await readFile(join(EXAMPLE, "index.ts"), "utf8");
    await stack.write("index.ts", text.replace('"CAP_DAC_OVERRIDE"', '"CAP_KILL"'));
    const preview = await stack.preview();
    assert.deepEqual(
      stepOf(preview, "ImageBuild").map(({ op, detailedDiff }) => [op, detailedDiff]),
      [["update", { "image.services.web.capabilities[4]": { diffKind: "update", inputDiff: true } }]],
    );
    assert.match(preview.text, /~ services: \{\n +~ web: \{\n +~ capabilities: \[\n +~ \[4\]: "CAP_DAC_OVERRIDE" => "CAP_KILL"/);
    assert.doesNotMatch(preview.text, /CAP_CHOWN|tmpfs|binds/);
    const changed = await stack.up();
    assert.deepEqual(ops(changed, "ImageBuild"), ["update"]);
    const kept = changed.lines("kept").filter((line) => /segment/.test(line));
    assert.equal(kept.length, 1, changed.text);
    assert.match(kept[0] ?? "", /, 1 of \d+ segments rebuilt/);
    assert.deepEqual(ops(changed, "QemuVm"), ["update"]);
    const third = await seen(web);
    assert.notEqual(third.bootId, first.bootId);
    const running = await processesIn(stateDir);
    assert.deepEqual([running.includes(first.pid), running.includes(third.pid)], [false, true]);

    process.kill(third.pid, "SIGKILL");
    const refreshed = await stack.must("refresh", "--yes", "--skip-preview", "--diff");
    assert.match(refreshed.text, /running +: +true => false|running: true => false/);
    // as when the cache reaches its limit: the update builds the machine's image again
    for (const file of await artifactFiles()) await rm(file);
    const again = await stack.up();
    assert.deepEqual((await artifactFiles()).map((file) => basename(file)).sort(), [
      "web-cmdline",
      "web-initrd.img",
      "web-kernel",
      "web-sbom.spdx.json",
    ]);
    assert.deepEqual([ops(again, "ImageBuild"), ops(again, "QemuVm")], [["same"], ["update"]]);
    const fourth = await seen(web);
    assert.notEqual(fourth.bootId, third.bootId);
    assert.equal(fourth.url, first.url);

    await stack.destroy();
    await assert.rejects(stat(`/proc/${fourth.pid}/exe`), { code: "ENOENT" });
    assert.deepEqual(await processesIn(home), []);
    assert.deepEqual(await inventory(stateDir), {});
    assert.deepEqual(await inventory(join(home, "life", "tmp")), {});
    assert.deepEqual(await readdir(stack.directory), project);
    assert.deepEqual(
      (await readdir(join(cacheDir, "artifacts"))).filter((name) => name.startsWith(".")),
      [],
    );
  });

  test("a failing task fails the update with its own words, and leaves no machine", async () => {
    const task =
      'new OnbootTask("broken", { image: debian.packages({ packages: ["busybox-static"], command: ["/bin/busybox", "sh", "-c", "echo no such luck >&2; exit 3"] }) })';
    await using web = await webStack("broken", (program) =>
      program.replace("{ image: debian.dhcp() })]", `{ image: debian.dhcp() }), ${task}]`),
    );
    const { status, text } = await web.stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(status, 0);
    assert.match(text, /machine "web-vm" did not boot: onboot broken: exit status 3: no such luck\n/);
    assert.match(text, /last lines of its console:\n[\s\S]*onboot broken failed/);
    assert.doesNotMatch(text, /TIMEOUT|not healthy within/);
    assert.deepEqual(await processesIn(home), []);
    assert.deepEqual(await inventory(web.stateDir), {});
  });
});
