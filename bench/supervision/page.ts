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

${BOUNDS}`;
}

/** What holds without a measurement. */
const BOUNDS = `## PID 1 does not end

A panic in a part of PID 1 is printed on the console, and the part begins again. What a service, a disk or a console can hold up
has a limit:

| what is held up | then |
|---|---|
| the table of processes is full | a start is tried again for a second; PID 1 has its threads beforehand |
| processes end faster than they are reaped | 64 are reaped, then the others have their turn |
| a killed process does not end | its check or its start has failed after 3 s |
| the console takes no more | lines are dropped, those for people first, and counted |
| the shutdown | it ends with its [limit](guest.md#shutdown), and the machine powers off |

\`test/guest/random-kills.boot.test.ts\` kills ten services at random in each of three boots, and every child of PID 1 in a random
order: all come back. \`test/guest/fuzz.judge.test.ts\` feeds each reader of what comes from outside for 60 s.
`;
