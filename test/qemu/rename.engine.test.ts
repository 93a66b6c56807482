import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { identify } from "../../providers/qemu/plugin/process-id.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { makePluginFolder, makeStack } from "../support/engine.ts";
import type { Outcome } from "../support/engine-operation.ts";
import { guest } from "./guest.ts";

const scratch = await mkdtemp(join(tmpdir(), "rename-"));
after(() => rm(scratch, { recursive: true, force: true }));

/** A program with a machine and a fleet of one, by their type tokens. */
function program(inputs: Properties, { machine = "web", fleet = "web", options = "{}" } = {}): string {
  return `
import * as pulumi from "@pulumi/pulumi";
class Vm extends pulumi.CustomResource {
  constructor(name, args, options) { super("linuxkit:index:QemuVm", name, { pid: undefined, ...args }, options); }
}
class Gate extends pulumi.CustomResource {
  constructor(name, args, options) { super("linuxkit:index:RolloutGate", name, { machines: undefined, ...args }, options); }
}
const inputs = ${JSON.stringify(inputs)};
const options = ${options};
const vm = new Vm(${JSON.stringify(machine)}, inputs, { ...options, ...(options.retainOnDelete ? {} : { aliases: [{ name: "web" }] }) });
const gate = new Gate(${JSON.stringify(fleet)}, { kind: "qemu", fleet: ${JSON.stringify(fleet)}, count: 1, ...inputs }, { ...options, aliases: [{ name: "web" }] });
export const pids = pulumi.all([vm.pid, gate.machines]).apply(([pid, machines]) => [pid, ...machines.map(({ pid }) => pid)]);
`;
}

const ops = ({ steps }: Outcome): string[] =>
  steps
    .filter(({ type }) => type.startsWith("linuxkit:"))
    .map(({ op }) => op)
    .sort();

test("machines and fleets stay with their state through renames, moves, spellings, retainOnDelete and a stack of the old name", {
  timeout: 900_000,
}, async () => {
  const stateDir = join(scratch, "state");
  const plugin = await makePluginFolder(join(scratch, "plugin"), new URL("../../providers/plugin/main.ts", import.meta.url));
  const inputs = await guest("web");
  await using stack = await makeStack({ files: { "index.js": program(inputs) }, plugin, env: { PULUMI_LINUXKIT_STATE: stateDir } });
  await using _ = {
    async [Symbol.asyncDispose]() {
      for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    },
  };
  const pids = async () => ((await stack.outputs()) as { pids: number[] }).pids;
  const alive = (list: number[]) => Promise.all(list.map(async (pid) => (await identify(pid)) !== undefined));
  const same = async () => assert.deepEqual(ops(await stack.up()), ["same", "same"]);

  await stack.up();
  const first = await pids();
  assert.deepEqual(await alive(first), [true, true]);

  // renames: the stack, and the resources by aliases
  await stack.must("stack", "rename", "prod");
  await same();
  await stack.write("index.js", program(inputs, { machine: "www", fleet: "www" }));
  const renamed = await stack.up();
  // the fleet's name is for messages; no machine is replaced by it
  assert.deepEqual(ops(renamed), ["same", "update"]);
  await same();
  assert.deepEqual(await pids(), first);
  assert.deepEqual(await alive(first), [true, true]);

  // a new stack under the old name, with the old names of the resources
  await stack.write("index.js", program(inputs));
  await stack.must("stack", "init", "test");
  assert.deepEqual(ops(await stack.up()), ["create", "create"]);
  const second = await pids();
  assert.deepEqual(await alive([...first, ...second]), [true, true, true, true]);
  await stack.destroy();
  assert.deepEqual(await alive([...first, ...second]), [true, true, false, false]);

  // what is retained runs on beside its successor
  await stack.write("index.js", program(inputs, { options: "{ retainOnDelete: true }" }));
  await stack.up();
  const retained = await pids();
  await stack.destroy();
  assert.deepEqual(ops(await stack.up()), ["create", "create"]);
  const successor = await pids();
  assert.deepEqual(await alive([...first, ...retained, ...successor]), [true, true, true, true, true, true]);
  await stack.write("index.js", program(inputs));
  await stack.up();
  await stack.destroy();
  assert.deepEqual(await alive([...first, ...retained, ...successor]), [true, true, true, true, false, false]);

  // the first stack, by another path of the project
  await stack.write("index.js", program(inputs, { machine: "www", fleet: "www" }));
  await stack.must("stack", "select", "prod");
  const moved = join(scratch, "moved");
  await symlink(stack.directory, moved);
  const elsewhere = ["--cwd", moved];
  await stack.must("refresh", "--yes", "--skip-preview", ...elsewhere);
  assert.deepEqual(ops(await stack.must("up", "--yes", "--skip-preview", ...elsewhere)), ["same", "same"]);

  // the same backend, spelt otherwise
  await symlink(join(stack.home, "state"), join(scratch, "backend"));
  for (const backend of [`file://${stack.home}/./state/`, `file://${scratch}/backend`]) {
    stack.spell(backend);
    await stack.must("stack", "select", "prod");
    await same();
  }

  // the resources, moved to another stack's state
  const urns = ["QemuVm", "RolloutGate"].map((type) => `urn:pulumi:prod::probe::linuxkit:index:${type}::www`);
  await stack.must("stack", "init", "beside");
  await stack.must("state", "move", "--yes", "--source", "prod", "--dest", "beside", ...urns);
  await stack.must("destroy", "--yes", "--skip-preview", "--stack", "prod");
  await stack.must("stack", "select", "beside");
  await same();
  assert.deepEqual(await pids(), first);
  assert.deepEqual(await alive([...first, ...retained]), [true, true, true, true]);
  await stack.destroy();
  assert.deepEqual(await alive([...first, ...retained]), [false, false, true, true]);
});
