import { z } from "zod";
import { input } from "../plugin/input.ts";
import type { ResourceType } from "../plugin/resource-type.ts";
import { UNKNOWN } from "../plugin/value.ts";
import { type Driver, type GateInputs, type GateParts, gateType } from "./gate-type.ts";

const gateOutputs = {
  rollout: input("The id of the last rollout; empty if none was needed.", z.string()),
  drift: input(
    "What runs in place of what should, a line for each machine, as `pulumi refresh` found it. The next update rolls them.",
    z.array(z.string()).readonly(),
  ),
};

/** The most machines that have a line of their own. */
const MOST_LINES = 20;

/** The outputs of a cloud's gate. */
export type CloudGateOutputs<I> = I & {
  /** The driver's id of the last rollout; empty if none was needed. */
  readonly rollout: string;
  /** What runs in place of what should. */
  readonly drift: readonly string[];
};

/** The parts of a gate that differ between clouds. A cloud owns the machines; its gate waits for them. */
export interface CloudGateParts<Schema extends z.ZodObject, D extends Driver>
  extends Pick<GateParts<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>, D>, "limits" | "packages" | "paceSeconds"> {
  readonly kind: string;
  readonly inputs: Schema;
  /** The input that names the group of machines. */
  readonly group: keyof z.output<Schema>;
  /** Connects to the fleet; undefined if the fleet does not exist. `previous`: the inputs of the last successful rollout. */
  driver(
    inputs: z.output<Schema>,
    previous: z.output<Schema> | undefined,
    work: { readonly signal: AbortSignal },
  ): D | undefined | Promise<D | undefined>;
}

/** The gate of a cloud's fleet. */
export function cloudGateType<Schema extends z.ZodObject, D extends Driver>({
  group,
  ...parts
}: CloudGateParts<Schema, D>): ResourceType<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>> {
  return {
    ...gateType<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>, D>({
      ...parts,
      outputSchema: parts.inputs.extend(gateOutputs),
      id: (inputs) => String(inputs[group as string]),
      drifted: ({ drift }) => (drift?.length ? new Map([["drift", "update"]]) : undefined),
      outputs: (inputs, rollout) => ({ ...inputs, rollout, drift: [] }),
      preview: (inputs) => ({ ...inputs, rollout: UNKNOWN, drift: [] }),
    }),
    async read({ id, inputs, outputs, signal, progress }) {
      if (!inputs || !outputs) return undefined;
      const driver = await parts.driver(inputs, inputs, { signal });
      try {
        const drift = await driver?.drift?.(signal).then((lines) => lines && cut(lines));
        // the engine itself shows the name of the output alone
        for (const message of drift ?? []) progress({ stage: "drift", message, lasting: true });
        return drift && { id, outputs: { ...outputs, drift } };
      } finally {
        driver?.[Symbol.dispose]?.();
      }
    },
  };
}

function cut(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} more`] : lines;
}
