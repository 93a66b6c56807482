/*
 * npm run bench:clusters: measures the bare OS, Docker, Swarm and Kubernetes on one kernel in one run, beside a Debian with Docker, and
 * writes docs/clusters-benchmark.md with its plots. --help has the options.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { interruption } from "../sdk/cli/interrupt.ts";
import { clusterArguments, HELP } from "./clusters/arguments.ts";
import type { Column, PartName } from "./clusters/column.ts";
import { debianDocker } from "./clusters/debian.ts";
import { FIGURES, merged, missingParts, readFigures, writeFigures } from "./clusters/figures.ts";
import { ourColumn } from "./clusters/ours.ts";
import { clustersPage } from "./clusters/page.ts";
import { writeClusterPlots } from "./clusters/plots.ts";
import type { Work } from "./clusters/work.ts";

/** Minutes that a part may take under emulation on a busy computer. */
const LONGEST: Readonly<Record<PartName, number>> = { bare: 30, docker: 45, swarm: 90, kubernetes: 180, debian: 60 };
const docs = new URL("../docs/", import.meta.url).pathname;

const { help, only, merge } = readArguments();
if (help) {
  process.stdout.write(HELP);
  process.exit();
}
const interrupted = interruption();
interrupted.addEventListener("abort", () =>
  console.error("interrupted: its machines end within a minute; another Ctrl-C leaves them running"),
);
const folder = mkdtempSync(join(tmpdir(), "linuxkit-clusters-"));
const note = (what: string): void => console.error(`${what}…`);
const columns: Column[] = [];
try {
  const host = `${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Node ${process.version}`;
  const day = new Date().toISOString().slice(0, 10);
  for (const part of only) {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(LONGEST[part] * 60_000)]);
    const work: Work = { folder, signal, note, host, day };
    try {
      const column = await (part === "debian" ? debianDocker(work) : ourColumn(part, work));
      columns.push(column);
      if (column.incomplete !== undefined) fail(`${part} is incomplete: ${column.incomplete}`);
      // what is measured is not lost with what follows
      console.error(JSON.stringify(column));
    } catch (error) {
      if (interrupted.aborted) break;
      fail(`${part} was not measured: ${signal.aborted ? `it took longer than ${LONGEST[part]} minutes` : (error as Error).stack}`);
    }
  }
  if (interrupted.aborted) fail("interrupted: its machines have ended, and nothing was written");
  else await publish();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function publish(): Promise<void> {
  const missing = missingParts(columns);
  const isWhole = missing.length === 0;
  const all = isWhole || !merge ? columns : merged(await readFigures(FIGURES), columns);
  const text = clustersPage(all);
  console.log(text);
  if (!isWhole && !merge) return note(`nothing was written: ${missing.join(", ")} missing; --merge keeps what the page has of them`);
  await writeFigures(FIGURES, all);
  writeFileSync(join(docs, "clusters-benchmark.md"), text);
  writeClusterPlots(join(docs, "benchmarks"), all);
}

function fail(what: string): void {
  console.error(what);
  process.exitCode = 1;
}

function readArguments() {
  try {
    return clusterArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}
