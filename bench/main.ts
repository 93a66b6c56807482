/*
 * npm run bench: measures in one run, each figure beside its floor, and writes docs/benchmarks.md with its plots.
 *   npm run bench -- --footprint   measures only machines at rest, and writes docs/footprint.md; needs root
 *   npm run bench -- --supervision   only kills services at random and watches a crash loop, and writes docs/supervision.md
 *   npm run bench -- --quick   skips the images of 512 MiB and 4 GiB and the disks, and writes no page
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { bootRows } from "./boot-rows.ts";
import { footprint } from "./footprint.ts";
import { largeRows, webRows } from "./build-rows.ts";
import { formatRows } from "./format-rows.ts";
import { page } from "./page.ts";
import { writePlots } from "./plots.ts";
import { imageRows } from "./image-rows.ts";
import { previewRows } from "./preview-rows.ts";
import { pullRows } from "./pull-rows.ts";
import { sentRows } from "./sent-rows.ts";
import { supervision } from "./supervision.ts";
import { uploadRows } from "./upload-rows.ts";
import { yamlRows } from "./yaml-rows.ts";
import { figure, ratioOf, type Row, within } from "./row.ts";

const quick = process.argv.includes("--quick");
const LIMIT_MB = 200;
const docs = new URL("../docs/", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "linuxkit-bench-"));
try {
  const note = (what: string): void => console.error(`${what}…`);
  const machine = `${availableParallelism()} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, Node ${process.version}, QEMU under software emulation`;
  for (const [word, measure] of [
    ["--footprint", footprint],
    ["--supervision", supervision],
  ] as const) {
    if (!process.argv.includes(word)) continue;
    await measure(folder, docs, machine, note);
    rmSync(folder, { recursive: true, force: true });
    process.exit();
  }
  note("building examples/web");
  const { rows: web, run } = await webRows(folder);
  note("booting it and the floor in turn");
  const boot = await bootRows(folder, run);
  note("previewing a changed line, in turn with no change");
  const preview = await previewRows(folder);
  note("building a LinuxKit YAML, in turn with linuxkit where it is on PATH");
  const yaml = await yamlRows(folder, LIMIT_MB);
  const large: Row[] = [];
  for (const mib of quick ? [] : [512, 4096]) {
    note(`building an image of ${mib} MiB`);
    large.push(...(await largeRows(folder, mib, LIMIT_MB)));
  }
  note("pulling an image of 2 GiB, and building one, in turn with skopeo, tar and gzip");
  const images = quick ? [] : [...(await pullRows(folder, LIMIT_MB)), ...(await imageRows(folder, LIMIT_MB))];
  note("writing disk formats of 4 GiB, in turn with qemu-img");
  const formats = quick ? [] : await formatRows(folder, LIMIT_MB);
  note("sending a GiB to a server on loopback, in turn with the clouds' own clients");
  const uploads = quick ? [] : await uploadRows(folder, LIMIT_MB);
  note("sending the web OS, before and after a changed line");
  const sent = quick ? [] : await sentRows(folder);
  const kernel = run.files.find(({ role }) => role === "kernel")?.size ?? 0;
  const sizes: Row[] = [
    { what: "kernel", value: kernel / 1e6, unit: "MB" },
    ...run.segments.map(({ name, size }): Row => ({ what: `segment ${name}`, value: size / 1e6, unit: "MB" })),
  ];
  const base = (kernel + run.segments.filter(({ name }) => !name.startsWith("services.")).reduce((sum, { size }) => sum + size, 0)) / 1e6;
  sizes.push({ what: "the whole OS less nginx", value: base, unit: "MB", limit: 17.5 });

  const rows = [...sizes, ...web, ...preview, ...yaml, ...large, ...images, ...formats, ...uploads, ...sent, ...boot];
  for (const row of rows) console.log(line(row));
  console.log(JSON.stringify(rows));
  if (!quick) {
    await supervision(folder, docs, machine, note);
    writeFileSync(join(docs, "benchmarks.md"), page(rows, machine, new Date().toISOString().slice(0, 10)));
    writePlots(join(docs, "benchmarks"), { base, run, boot, formats, uploads });
  }
  if (rows.some((row) => within(row) === false)) console.error("some figures are over their limits");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function line(row: Row): string {
  const { what, value, unit, floor, floorIs } = row;
  const ratio = ratioOf(row);
  const beside = floor === undefined ? "" : `  ${ratio?.toFixed(2)} x ${figure(floor, unit)} (${floorIs})`;
  const verdict = { true: "  ok", false: "  OVER ITS LIMIT", undefined: "" }[String(within(row))];
  return `${what.padEnd(52)} ${figure(value, unit).padStart(10)}${beside}${verdict}`;
}
