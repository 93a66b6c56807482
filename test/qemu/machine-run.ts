import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import type { VmOutputs } from "../../providers/qemu/plugin/vm-outputs.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { Created, Difference, Found, Updated } from "../../sdk/plugin/resource-type.ts";
import type { Properties } from "../../sdk/plugin/value.ts";

/** Limits of one call. */
export interface Bounds {
  /** Timeout in seconds, like the engine's. @default 120 */
  readonly seconds?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** One QemuVm of one stack, driven by the calls that the engine makes. It has its own state folder. */
export class MachineRun implements AsyncDisposable {
  readonly stateDir: string;
  readonly urn: string;
  readonly progress: Progress[] = [];
  readonly #type: ReturnType<typeof qemuVm>;
  readonly #made = new Map<string, { readonly inputs: VmInputs; outputs: VmOutputs }>();

  constructor(stateDir: string, stack = "dev") {
    this.stateDir = stateDir;
    this.urn = `urn:pulumi:${stack}::shop::linuxkit:index:QemuVm::web`;
    // the result of the probe is shared, because it depends only on the host
    this.#type = qemuVm({ stateDir, cacheDir: join(tmpdir(), "pulumi-linuxkit-test-cache") });
  }

  /** Creates a new state folder. @param name start of its name */
  static async make(name = "machine", stack?: string): Promise<MachineRun> {
    return new MachineRun(await mkdtemp(join(tmpdir(), `${name}-`)), stack);
  }

  async check(given: Properties): Promise<VmInputs> {
    const { inputs, failures } = (await this.#type.check?.({ urn: this.urn, name: "web", inputs: given, isSecret: () => false })) ?? {
      inputs: {},
      failures: [],
    };
    assert.deepEqual(failures, []);
    return inputs as unknown as VmInputs;
  }

  async create(given: Properties, bounds: Bounds = {}): Promise<Created<VmOutputs>> {
    const inputs = await this.check(given);
    const created = await this.#type.create({ ...this.#work(bounds), inputs });
    this.#made.set(created.id, { inputs, outputs: created.outputs });
    return created;
  }

  async diff(id: string, given: Properties, oldOutputs: VmOutputs): Promise<Difference | undefined> {
    const { inputs } = this.#of(id);
    return this.#type.diff?.({
      urn: this.urn,
      name: "web",
      id,
      inputs: (await this.check(given)) as unknown as Properties,
      oldInputs: inputs,
      oldOutputs,
    });
  }

  async read(id: string): Promise<Found<VmOutputs> | undefined> {
    return this.#type.read?.({ ...this.#work({}), id });
  }

  async update(id: string, oldOutputs: VmOutputs): Promise<Updated<VmOutputs>> {
    const made = this.#of(id);
    const updated = await this.#type.update?.({ ...this.#work({}), id, inputs: made.inputs, oldInputs: made.inputs, oldOutputs });
    assert.ok(updated);
    made.outputs = updated.outputs;
    return updated;
  }

  async delete(id: string): Promise<void> {
    const { inputs, outputs } = this.#of(id);
    await this.#type.delete?.({ ...this.#work({}), id, inputs, outputs });
    this.#made.delete(id);
  }

  /** Takes over a machine that another process created. */
  async adopt(id: string): Promise<VmOutputs> {
    const found = await this.read(id);
    assert.ok(found);
    this.#made.set(id, { inputs: found.inputs as unknown as VmInputs, outputs: found.outputs });
    return found.outputs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#made.keys()) await this.delete(id);
    const left = await readdir(this.stateDir).catch(() => []);
    await rm(this.stateDir, { recursive: true, force: true });
    assert.deepEqual(
      left.filter((name) => name !== "disks"),
      [],
      "the state folder is empty",
    );
  }

  #of(id: string): { readonly inputs: VmInputs; outputs: VmOutputs } {
    const made = this.#made.get(id);
    assert.ok(made, `${id} was created by this run`);
    return made;
  }

  #work({ seconds = 120, signal, onProgress }: Bounds) {
    const limit = new AbortController();
    setTimeout(() => limit.abort(new LinuxKitError("TIMEOUT", "too long", { seconds, waitingFor: "making" })), seconds * 1000).unref();
    const progress = (shown: Progress): void => {
      this.progress.push(shown);
      onProgress?.(shown);
    };
    return {
      urn: this.urn,
      name: "web",
      config: {},
      timeoutSeconds: seconds,
      progress,
      signal: signal ? AbortSignal.any([limit.signal, signal]) : limit.signal,
    };
  }
}

/** PIDs of processes whose command line contains `text`. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")));
  return pids.filter((pid, index) => pid !== process.pid && lines[index]?.includes(text));
}
