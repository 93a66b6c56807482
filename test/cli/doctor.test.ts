import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../sdk/doctor/finding.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cli-doctor-"));
after(() => rmSync(folder, { recursive: true }));
const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, "doctor", ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    env: { HOME: folder, PATH: "" },
  });

test("the table has the worst first and ends with the counts; a refusal is exit status 1", () => {
  const { stdout, status, stderr } = run();
  const lines = stdout.trimEnd().split("\n");
  const levels = lines.map((line) => /^(refused|warning|ok) /.exec(line)?.[1]).filter((level) => level !== undefined);
  assert.deepEqual(
    levels,
    [...levels].sort((a, b) => ["refused", "warning", "ok"].indexOf(a) - ["refused", "warning", "ok"].indexOf(b)),
  );
  assert.match(stdout, /^refused {2}engine +pulumi +is not on PATH\n {9}→ install Pulumi/m);
  assert.match(lines.at(-1) ?? "", /^2 refused, \d warning, \d ok$/);
  assert.equal(status, 1, stderr);
});

test("--json prints the findings", () => {
  const { stdout, status } = run("--json");
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  assert.ok(findings.some(({ level, subject, remedy }) => level === "refused" && subject === "pulumi" && remedy !== undefined));
  assert.equal(status, 1);
});

test("a wrong option is exit status 2, with the usage", () => {
  for (const args of [["--memory", "much"], ["--arch", "z80"], ["os.ts"], ["--nope"]]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, /usage: pulumi-linuxkit doctor \[options\]/);
  }
});
