import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { leafDiff } from "../../sdk/plugin/leaf-diff.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import type { ResourceType } from "../../sdk/plugin/resource-type.ts";
import { hasUnknown, type Properties, secret, UNKNOWN } from "../../sdk/plugin/value.ts";

interface ProbeInputs {
  readonly text: string;
  readonly tree?: Properties;
  /** What creating and updating it does after some progress. */
  readonly act?: "succeed" | "hang" | "fail" | "half";
  readonly steps?: number;
}

type ProbeOutputs = Properties & { readonly echo: string; readonly length: number };

/** The calls of the probes in order, and the probes that exist. */
export interface ProbeWorld {
  readonly asked: string[];
  /** The probes that exist, by id, with their text. */
  readonly live: Map<string, string>;
}

/** A resource type that does what its inputs say, so that tests can see the engine's side of the plugin. */
export function probeType(world: ProbeWorld): ResourceType<ProbeInputs, ProbeOutputs> {
  const make = async (
    id: string,
    inputs: ProbeInputs,
    work: { signal: AbortSignal; progress: (p: { stage: string; message: string; lasting?: boolean }) => void },
  ) => {
    world.live.set(id, inputs.text);
    try {
      for (let step = 0; step < (inputs.steps ?? 1); step++) {
        work.progress({ stage: "probe", message: `step ${step}` });
        await sleep(1, undefined, { signal: work.signal });
      }
      if (inputs.act === "hang") await sleep(2 ** 31 - 1, undefined, { signal: work.signal });
      if (inputs.act === "fail") throw new LinuxKitError("NOT_FOUND", `cannot use ${inputs.text}: it is not there`, { what: inputs.text });
    } catch (error) {
      world.live.delete(id);
      world.asked.push("undone");
      throw error;
    }
    work.progress({ stage: "probe", message: "made", lasting: true });
    const outputs: ProbeOutputs = {
      echo: inputs.text,
      length: inputs.text.length,
      serial: world.live.size,
      key: secret(`key of ${id}`),
      ...(inputs.tree && { tree: inputs.tree }),
    };
    const failure =
      inputs.act === "half"
        ? new LinuxKitError("BOOT_FAILED", `${id} exists, but is not ready`, { stage: "boot", console: [] })
        : undefined;
    return { outputs, ...(failure && { failure }) };
  };
  return {
    token: "linuxkit:index:Probe",
    check({ inputs }) {
      const { text } = inputs;
      const failures =
        text !== UNKNOWN && typeof text !== "string" ? [{ path: "text", message: `got ${String(text)}, wanted a string` }] : [];
      return { inputs, failures };
    },
    diff: ({ oldInputs, inputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) => (path === "tree.identity" ? "replace" : "update")),
    }),
    preview: ({ inputs }) => ({
      echo: inputs.text,
      length: hasUnknown(inputs.text) ? UNKNOWN : String(inputs.text).length,
      serial: UNKNOWN,
      key: UNKNOWN,
    }),
    async create({ name, inputs, ...work }) {
      world.asked.push(`create ${name}`);
      return { id: name, ...(await make(name, inputs, work)) };
    },
    async update({ id, inputs, ...work }) {
      world.asked.push(`update ${id}`);
      return make(id, inputs, work);
    },
    async read({ id, outputs }) {
      const text = world.live.get(id);
      if (text === undefined) return undefined;
      return { id, inputs: { text, act: "succeed" }, outputs: { ...outputs, echo: text, length: text.length } };
    },
    async delete({ id }) {
      world.asked.push(`delete ${id}`);
      world.live.delete(id);
    },
  };
}

/** A provider of probes only. */
export function probeProvider(world: ProbeWorld = { asked: [], live: new Map() }): Provider {
  return {
    name: "linuxkit",
    version: "0.1.0",
    types: { "linuxkit:index:Probe": async () => probeType(world) },
    config: { debianMirror: "where packages come from" },
  };
}

/** A program with one probe called `p`; `inputs` is the text of an object literal. */
export function probeProgram(inputs: string, options = "{}"): string {
  return `import * as pulumi from "@pulumi/pulumi";
class Probe extends pulumi.CustomResource {
  constructor(name, inputs, options) {
    super("linuxkit:index:Probe", name, { echo: undefined, length: undefined, serial: undefined, key: undefined, ...inputs }, options);
  }
}
const probe = new Probe("p", ${inputs}, ${options});
export const echo = probe.echo;
`;
}
