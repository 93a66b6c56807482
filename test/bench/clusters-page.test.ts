import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { clusterArguments, HELP } from "../../bench/clusters/arguments.ts";
import { type Column, PARTS } from "../../bench/clusters/column.ts";
import { merged, missingParts, readFigures, writeFigures } from "../../bench/clusters/figures.ts";
import { clustersPage } from "../../bench/clusters/page.ts";
import { clusterPlots, writeClusterPlots } from "../../bench/clusters/plots.ts";
import { ratio } from "../../bench/clusters/rows.ts";
import { scratch } from "../support/judge.ts";
import { COLUMNS } from "./sample-columns.ts";

describe("the arguments of bench:clusters", () => {
  const all = { help: false, merge: false, only: PARTS };
  const rows = [
    { args: [], wanted: all },
    { args: ["--help"], wanted: { ...all, help: true } },
    { args: ["--only", "swarm, docker", "--merge"], wanted: { help: false, merge: true, only: ["docker", "swarm"] } },
  ];
  for (const { args, wanted } of rows) test(`are read: ${args.join(" ")}`, () => assert.deepEqual(clusterArguments(args), wanted));
  const wrong = [
    { args: ["--only", "k3s"], why: /--only: got "k3s", wanted some of bare, docker, swarm, kubernetes, debian/ },
    { args: ["--only", ""], why: /--only: got ""/ },
    { args: ["--only"], why: /--only/ },
    { args: ["--olny", "docker"], why: /--olny/ },
    { args: ["docker"], why: /docker/ },
  ];
  for (const { args, why } of wrong) test(`are refused: ${args.join(" ")}`, () => assert.throws(() => clusterArguments(args), why));
  test("are all in the help", () => {
    for (const word of ["--only", "--merge", "--help", ...PARTS]) assert.ok(HELP.includes(word), word);
  });
});

describe("the figures of a run", () => {
  const [bare, docker] = COLUMNS as [Column, Column];
  const parts = (columns: readonly Column[]) => columns.map(({ part }) => part);
  test("take the place of former ones of the same part only, in the order of the parts", () => {
    const later = { ...bare, day: "2026-12-01" };
    const all = merged(COLUMNS, [later]);
    assert.deepEqual(parts(all), [...PARTS]);
    assert.equal(all[0]?.day, "2026-12-01");
    assert.equal(all[1], docker);
    assert.deepEqual(parts(merged([], [docker, bare])), ["bare", "docker"]);
  });
  test("take the place of no complete ones where some are missing", () => {
    const broken = { ...docker, incomplete: "no node was lost" };
    assert.equal(merged(COLUMNS, [broken])[1], docker);
    assert.equal(merged([broken], [broken])[0], broken);
    assert.deepEqual(missingParts([bare, broken]), ["docker", "swarm", "kubernetes", "debian"]);
    assert.deepEqual(missingParts(COLUMNS), []);
  });
  for (const field of ["kernel", "host"] as const)
    test(`are refused beside those of another ${field}`, () =>
      assert.throws(() => merged(COLUMNS, [{ ...bare, [field]: "other" }]), new RegExp(`--merge: .* ${field} .*"other".*without --only`)));
  test("are read as they were written; a file that is damaged is no empty one", async () => {
    await using folder = await scratch();
    const file = join(folder.path, "figures.json");
    assert.deepEqual(await readFigures(file), []);
    await writeFigures(file, COLUMNS);
    assert.deepEqual(await readFigures(file), COLUMNS);
    await folder.file("figures.json", [Buffer.from("[{")]);
    await assert.rejects(readFigures(file), SyntaxError);
    await rm(file);
  });
  test("have ratios only where the same accelerator ran their machines", () => {
    assert.equal(ratio({ value: 6, accelerator: "tcg" }, { value: 4, accelerator: "tcg" }), 1.5);
    assert.equal(ratio({ value: 6 }, { value: 4 }), 1.5);
    assert.equal(ratio({ value: 6, accelerator: "kvm" }, { value: 4, accelerator: "tcg" }), undefined);
    assert.equal(ratio({ value: 6 }, { value: 0 }), undefined);
    assert.equal(ratio(undefined, { value: 4 }), undefined);
  });
});

describe("the page", () => {
  const page = clustersPage(COLUMNS);
  const row = (start: string): string => page.split("\n").find((line) => line.startsWith(`| ${start}`)) ?? "";
  test("has a table whose rows are all as long as their head", () => {
    const blocks = page.split("\n\n").filter((block) => block.startsWith("|"));
    assert.ok(blocks.length >= 8, `${blocks.length}`);
    for (const block of blocks) assert.equal(new Set(block.split("\n").map((line) => line.split("|").length)).size, 1, block);
  });
  test("has ratios to the bare OS, and of Docker to Debian", () => {
    assert.match(
      page,
      /\| {2}\| under \| bare OS \| Docker \| Swarm: manager \| Kubernetes: control plane \| Kubernetes: worker \| Debian/,
    );
    assert.equal(
      row("MB of memory in use at rest |"),
      "| MB of memory in use at rest | emulated | 100 | 400, 4.0 × | 500, 5.0 × | 900, 9.0 × | 410, 4.1 × | 200, 2.0 × | 2.0 × |",
    );
    assert.match(
      row("MB that it starts from"),
      /^\| MB that it starts from \| exact \| 20 \| 20, 1\.0 × \| 14, 0\.70 × \| – \| – \| 600, 30 × \| 0\.03 × \|$/,
    );
    assert.equal(row("of them not answered"), "| of them not answered | emulated | 90 | 500, 5.6 × | 0, 0.00 × | 1, 0.01 × | – |  |");
  });
  test("has exact bytes", () => {
    assert.match(page, /\| services\.web \| 1234567 \| busybox-static 2000001 \|/);
    assert.match(page, /A machine starts from 20000000 bytes: kernel 14000000, initrd 6000000\./);
  });
  test("says of each day and of each fault what was measured", () => {
    const [bare, ...others] = COLUMNS as [Column, ...Column[]];
    assert.match(page, /Measured on 2026-11-30: 2 CPUs, kernel 6\.1\./);
    const later = clustersPage([{ ...bare, day: "2026-12-01", incomplete: "the update failed\nin detail" }, ...others]);
    assert.match(later, /Measured on bare OS on 2026-12-01, Docker on 2026-11-30/);
    assert.match(later, /^- bare OS is incomplete: the update failed$/m);
  });
  test("of one part has no column for a comparison", () => {
    const alone = clustersPage(COLUMNS.slice(1, 2));
    assert.match(alone, /\| {2}\| under \| Docker \|\n/);
    assert.doesNotMatch(alone, /NaN|undefined|Infinity/);
    assert.doesNotMatch(page, /NaN|undefined|Infinity/);
  });
  test("has each plot that it shows", async () => {
    await using folder = await scratch();
    writeClusterPlots(folder.path, COLUMNS);
    const shown = [...page.matchAll(/\(benchmarks\/(\S+)\)/g)].map(([, name = ""]) => name);
    assert.equal(shown.length, clusterPlots(COLUMNS).length);
    for (const name of shown) assert.match(await readFile(join(folder.path, name), "utf8"), /^<svg .*class="ours"/s);
  });
});
