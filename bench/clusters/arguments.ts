import { parseArgs } from "node:util";
import { PARTS, type PartName, TITLES } from "./column.ts";

/** What `npm run bench:clusters` is asked to do. */
export interface ClusterArguments {
  readonly help: boolean;
  /** The parts to measure, in the order of {@link PARTS}. */
  readonly only: readonly PartName[];
  /** Whether a run of some parts changes the page. */
  readonly merge: boolean;
}

export const HELP = `npm run bench:clusters [-- OPTIONS]

Measures machines and clusters on one kernel in one run, and writes docs/clusters-benchmark.md with its plots. It takes
about two hours under emulation, 6 GB of memory, and root for debootstrap. Ctrl-C ends all machines of the run.

  --only NAMES   measure only these parts, with commas between  [all]
${PARTS.map((part) => `                   ${part.padEnd(12)} ${TITLES[part]}`).join("\n")}
  --merge        write the page also if parts are missing: what was measured replaces the same
                 columns, and the others stay with the day of their measurement. Without it,
                 a run of some parts prints its figures and writes nothing
  --help         print this
`;

/** Reads the arguments. @throws with what was given and what is wanted */
export function clusterArguments(args: readonly string[]): ClusterArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      merge: { type: "boolean", default: false },
      only: { type: "string" },
    },
  });
  const named = values.only?.split(",").map((name) => name.trim());
  const wrong = named?.filter((name) => !PARTS.some((part) => part === name)) ?? [];
  if (wrong.length > 0)
    throw new Error(`--only: got ${JSON.stringify(values.only)}, wanted some of ${PARTS.join(", ")}, with commas between`);
  return { help: values.help, merge: values.merge, only: PARTS.filter((part) => named?.includes(part) ?? true) };
}
