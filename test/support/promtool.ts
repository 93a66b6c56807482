import { spawnSync } from "node:child_process";
import { join } from "node:path";

const { ensureDebProgram } = (await import(new URL("../../scripts/deb-program.mjs", import.meta.url).href)) as {
  ensureDebProgram(name: string): Promise<string>;
};

/** What Prometheus' own check says of metrics: nothing if they are in order. */
export async function checkMetrics(text: string): Promise<string> {
  const promtool = join(await ensureDebProgram("promtool"), "promtool");
  const { status, stdout, stderr, error } = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8", timeout: 60_000 });
  if (error) throw error;
  return `${stdout}${stderr}${status === 0 ? "" : `exit status ${status}`}`;
}
