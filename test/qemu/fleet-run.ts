import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetInputs } from "../../providers/qemu/plugin/fleet-inputs.ts";
import { type FleetOutputs, qemuGate } from "../../providers/qemu/plugin/gate.ts";
import type { Created, Difference, ResourceType, Work } from "../../sdk/plugin/resource-type.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { Properties } from "../../sdk/plugin/value.ts";

const SUBJECT = { urn: "urn:pulumi:dev::shop::linuxkit:index:QemuFleet$linuxkit:index:RolloutGate::web-gate", name: "web-gate" };

/** One fleet of one stack, driven by the calls that the engine makes. */
export class FleetRun {
  readonly #gate: ResourceType<FleetInputs, FleetOutputs>;
  readonly #work: Work;

  constructor(stateDir: string, progress: (line: Progress) => void = () => {}) {
    // the result of the probe is shared, because it depends only on the host
    this.#gate = qemuGate({ stateDir, cacheDir: join(tmpdir(), "pulumi-linuxkit-test-cache") });
    this.#work = { ...SUBJECT, config: {}, timeoutSeconds: 400, signal: AbortSignal.timeout(400_000), progress };
  }

  async check(given: Properties): Promise<FleetInputs> {
    const { inputs, failures } = (await this.#gate.check?.({ ...SUBJECT, inputs: given, isSecret: () => false })) ?? { inputs: {} };
    assert.deepEqual(failures, []);
    return inputs as unknown as FleetInputs;
  }

  async create(given: Properties): Promise<Created<FleetOutputs>> {
    return this.#gate.create({ ...this.#work, inputs: await this.check(given) });
  }

  async diff(id: string, given: Properties, before: Properties, oldOutputs: FleetOutputs): Promise<Difference | undefined> {
    return this.#gate.diff?.({
      ...SUBJECT,
      id,
      inputs: (await this.check(given)) as unknown as Properties,
      oldInputs: await this.check(before),
      oldOutputs,
    });
  }

  async update(id: string, given: Properties, before: Properties, oldOutputs: FleetOutputs): Promise<FleetOutputs> {
    const updated = await this.#gate.update?.({
      ...this.#work,
      id,
      inputs: await this.check(given),
      oldInputs: await this.check(before),
      oldOutputs,
    });
    assert.ok(updated);
    return updated.outputs;
  }

  async read(id: string, given: Properties, outputs: FleetOutputs): Promise<FleetOutputs> {
    const found = await this.#gate.read?.({ ...this.#work, id, inputs: await this.check(given), outputs });
    assert.ok(found);
    return found.outputs;
  }

  async delete(id: string, given: Properties, outputs: FleetOutputs): Promise<void> {
    await this.#gate.delete?.({ ...this.#work, id, inputs: await this.check(given), outputs });
  }
}
