import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLE = join(ROOT, "examples", "review");
const WORKFLOW = readFileSync(join(EXAMPLE, ".github/workflows/review.yaml"), "utf8");
const home = mkdtempSync(join(tmpdir(), "review-example-"));
after(() => rmSync(home, { recursive: true }));

const [project, tools] = [join(home, "project"), join(home, "bin")];
mkdirSync(tools);
cpSync(EXAMPLE, project, { recursive: true, filter: (path) => !path.includes("node_modules") });
mkdirSync(join(project, "node_modules"));
symlinkSync(ROOT, join(project, "node_modules", "pulumi-linuxkit"));
const program = (name: string, text: string): void => {
  writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(tools, name), 0o755);
};
program("npx", `shift; exec ${process.execPath} ${join(ROOT, "sdk/cli/main.ts")} "$@"`);
// the arguments of the comment, and its text
program("gh", `echo "$@" >${join(home, "arguments")}; for last; do :; done; cat "$last" >${join(home, "comment")}`);

const git = (...args: string[]): void => {
  const { status, stderr } = spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: project, encoding: "utf8" });
  assert.equal(status, 0, stderr);
};
git("init", "--quiet", "--initial-branch=main");
writeFileSync(join(project, ".gitignore"), "node_modules\n");
git("add", ".");
git("commit", "--quiet", "--message=one");
git("update-ref", "refs/remotes/origin/main", "HEAD");

interface Step {
  readonly run?: string;
  readonly if?: string;
}

/** Runs the commands of the workflow in turn, without the installation, and whatever their conditions. @returns the status of each */
function runSteps(): (number | null)[] {
  const { steps } = (parse(WORKFLOW) as { jobs: { review: { steps: readonly Step[] } } }).jobs.review;
  return steps.flatMap(({ run }) => {
    if (run === undefined || run === "npm ci") return [];
    const env = { ...process.env, PATH: `${tools}${delimiter}${process.env["PATH"]}`, BEFORE: "origin/main:os.ts" };
    const { status } = spawnSync("bash", ["-e", "-c", run.replace("${{ github.event.number }}", "7")], {
      cwd: project,
      env,
      timeout: 60_000,
    });
    return [status];
  });
}

const change = (from: string, to: string): void => {
  const text = readFileSync(join(EXAMPLE, "os.ts"), "utf8");
  assert.ok(text.includes(from));
  writeFileSync(join(project, "os.ts"), text.replace(from, to));
};

describe("the workflow of examples/review", { timeout: 120_000 }, () => {
  test("passes where nothing changes", () => assert.deepEqual(runSteps(), [0, 0, 0]));

  test("comments a change, and fails where it widens access", () => {
    change('"CAP_CHOWN"', '"CAP_CHOWN", "CAP_NET_RAW"');
    assert.deepEqual(runSteps(), [0, 0, 1]);
    assert.match(readFileSync(join(home, "comment"), "utf8"), /Widens access[\s\S]*CAP\\?_NET\\?_RAW/);
    assert.equal(readFileSync(join(home, "arguments"), "utf8").trim(), "pr comment 7 --edit-last --create-if-none --body-file review.md");
  });

  test("passes with a comment where it does not", () => {
    change(', "CAP_DAC_OVERRIDE"', "");
    assert.deepEqual(runSteps(), [0, 0, 0]);
    assert.match(readFileSync(join(home, "comment"), "utf8"), /Narrows access[\s\S]*CAP\\?_DAC\\?_OVERRIDE/);
  });

  test("fails on a definition with a mistake", () => {
    change('"CAP_CHOWN"', '"CAP_CHOWNED"');
    const [diff] = runSteps();
    assert.notEqual(diff, 0);
  });

  test("is the one that docs/ci.md shows, and leaves a label to decide", () => {
    assert.ok(readFileSync(join(ROOT, "docs/ci.md"), "utf8").includes(`\`\`\`yaml\n${WORKFLOW}\`\`\``));
    assert.ok(existsSync(join(EXAMPLE, "package.json")));
    assert.match(WORKFLOW, /- if: "!contains\(github\.event\.pull_request\.labels\.\*\.name, 'widens access'\)"/);
  });
});
