import { median } from "../child.ts";
import type { Supervised } from "./kills.ts";

/** The page docs/supervision.md. */
export function supervisionPage(
  { boots, kills, lost, disturbed, crashes }: Supervised,
  seed: number,
  machine: string,
  day: string,
): string {
  const back = kills.map((kill) => kill.back);
  const own = kills.map((kill) => kill.back - kill.backOff);
  const names = (list: readonly string[]): string => (list.length === 0 ? "0" : `${list.length}: ${list.join(", ")}`);
  const rows: readonly (readonly [string, string])[] = [
    ["boots", String(boots)],
    ["services killed", String(kills.length)],
    ["services lost", names(lost)],
    ["services that ended on their own", names(disturbed)],
    ["seconds until healthy again, median", median(back).toFixed(2)],
    ["seconds until healthy again, maximum", Math.max(...back).toFixed(2)],
    ["the same without the supervisor's pause, median", median(own).toFixed(2)],
    ["the same without the supervisor's pause, maximum", Math.max(...own).toFixed(2)],
  ];
  return `# Supervision

\`npm run bench -- --supervision\` boots a machine of six services several times. In each boot it kills ten services at
random, one to three at once, with SIGKILL. It also watches a seventh service that exits at once. All seconds are the
guest's own, under software emulation. Measured on ${day}, with the seed ${seed} (\`TEST_SEED\` repeats it): ${machine}.

| | |
|---|---|
${rows.map(([what, value]) => `| ${what} | ${value} |`).join("\n")}

The supervisor's pause is 1 s, and doubles each time a service ends within a minute, up to 60 s. For the service that exits at
once:

| end | pause | seconds to the next end |
|---|---|---|
${crashes.map(({ pause, seconds }, index) => `| ${index + 1} | ${pause} s | ${seconds.toFixed(2)} |`).join("\n")}
`;
}
