import type { HardeningReport, HardeningState } from "../../sdk/hardening/report.ts";

/** The names of the rows in a state. */
export function namesWith({ rows }: Pick<HardeningReport, "rows">, state: HardeningState): string[] {
  return rows.filter((row) => row.state === state).map(({ name }) => name);
}
