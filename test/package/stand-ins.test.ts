import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { beliefsOf, beliefTable, readBeliefs, testsOf } from "../support/beliefs.ts";

const TESTS = fileURLToPath(new URL("..", import.meta.url));
const SUPPORT = join(TESTS, "support");
const README = join(SUPPORT, "README.md");
const BEGIN = "<!-- test/package/stand-ins.test.ts writes this table -->\n";
const END = "\n<!-- end -->";

/** Rows of the table of stand-ins that play no service of others. */
const OWN = ["fake-plan.ts", "builder.ts", "test-image.ts", "probe.ts", "probe-plugin.ts", "efi-program.ts", "elf-file.ts"];
/** What all stand-ins for a provider share; each provider's own file declares what it believes. */
const SHARED = ["stand-in.ts", "pulumi-arguments.ts", "debian-fixture.ts"];

function isTest(name: string): boolean {
  return ["", ".judge", ".boot", ".engine", ".mirror"].some((suffix) => existsSync(join(TESTS, `${name}${suffix}.test.ts`)));
}

describe("the stand-ins declare what they believe", async () => {
  const readme = await readFile(README, "utf8");
  const all = await readBeliefs(SUPPORT);
  const files = new Set(all.map(({ file }) => file));

  test("each service in the table of stand-ins has a file that says what it plays", () => {
    const [, table = ""] = /## Stand-ins\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
    const named = table
      .split("\n")
      .slice(2)
      .flatMap((row) => [...(row.split("|")[2] ?? "").matchAll(/`([^`]+\.ts)`/g)].map(([, file = ""]) => file));
    assert.ok(named.length > 30, `${named.length} files`);
    assert.deepEqual(
      named.filter((file) => !files.has(file) && !OWN.includes(file) && !SHARED.includes(file)),
      [],
    );
    assert.deepEqual(
      named.filter((file) => !existsSync(join(SUPPORT, file))),
      [],
    );
  });

  test("each names a source, and a test for what it assumes in both ways", () => {
    const unsourced = all.filter(({ entries }) => !entries.some(({ label }) => label === "Source")).map(({ file }) => file);
    assert.deepEqual(unsourced, []);
    const labels = all.flatMap(({ file, entries }) => entries.map(({ label }) => `${file}: ${label}`));
    const both = labels.filter((label) => label.includes(": Tested both ways"));
    assert.ok(both.length > 3, both.join());
    assert.deepEqual(
      both.filter((label) => testsOf(label).length === 0 || !testsOf(label).every(isTest)),
      [],
    );
  });

  test("each row on which a rollout, a deletion or data depends has a source or a test", () => {
    const [, part = ""] = /### What the stand-ins of AWS believe([\s\S]*?)### Each stand-in/.exec(readme) ?? [];
    const rows = part.split("\n").filter((line) => /^\| (?!---)/.test(line) && !/\| (where it is stated|stated in) \|$/.test(line));
    assert.ok(rows.length > 30, `${rows.length} rows`);
    const stated = rows.map((row) => [row, row.split(" | ").at(-1)?.replace(/ \|$/, "") ?? ""] as const);
    const assumed = stated.filter(([, last]) => last.startsWith("assumed"));
    assert.deepEqual(
      stated.filter(([, last]) => last.length < 10).map(([row]) => row),
      [],
    );
    assert.deepEqual(
      assumed.filter(([, last]) => testsOf(last).length === 0 || !testsOf(last).every(isTest)).map(([row]) => row),
      [],
    );
  });

  test("the table of all stand-ins is what their files say", async () => {
    const start = readme.indexOf(BEGIN) + BEGIN.length;
    const end = readme.indexOf(END, start);
    assert.ok(start >= BEGIN.length && end >= start, "the README has no place for the table");
    const wanted = `\n${beliefTable(all)}\n`;
    if (readme.slice(start, end) !== wanted) await writeFile(README, readme.slice(0, start) + wanted + readme.slice(end));
    assert.equal(readme.slice(start, end), wanted, "the table differs; this run has written it anew: look at it and commit it");
  });

  test("a declaration is read with its labels, over several lines", () => {
    const source =
      "/**\n * Plays a bank,\n * with tellers.\n *\n * Source: a book,\n * page 3.\n * Tested both ways in `a/b`: it opens; it shuts.\n */\n";
    assert.deepEqual(beliefsOf("bank.ts", source), {
      file: "bank.ts",
      plays: "a bank, with tellers.",
      entries: [
        { label: "Source", text: "a book, page 3." },
        { label: "Tested both ways in `a/b`", text: "it opens; it shuts." },
      ],
    });
    assert.equal(beliefsOf("other.ts", "/** Plays on one line. */\n"), undefined);
    assert.equal(beliefsOf("other.ts", 'import assert from "node:assert/strict";\n'), undefined);
  });
});
