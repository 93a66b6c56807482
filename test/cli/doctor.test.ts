import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../sdk/doctor/finding.ts";
import { AwsAccount } from "../support/aws/account.ts";
import { AwsServer } from "../support/aws/aws-server.ts";

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
  for (const args of [
    ["--memory", "much"],
    ["--arch", "z80"],
    ["os.ts"],
    ["--nope"],
    ["--cloud", "oracle"],
    ["--policy"],
    ["--cloud", "aws", "--count", "0", "--instance-type", "t3.micro"],
  ]) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, /usage: pulumi-linuxkit doctor \[options\]/);
  }
});

/** Runs the command beside the test's own servers. */
function beside(
  environment: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const options = { cwd: folder, timeout: 120_000, env: { HOME: folder, PATH: "", ...environment } };
  return new Promise((done) => {
    const child = execFile(process.execPath, [MAIN, "doctor", ...args], options, (_, stdout, stderr) =>
      done({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test("--cloud asks the account of the environment about the machines of the options", async () => {
  const account = new AwsAccount();
  account.denied.add("ec2:RegisterImage");
  await using server = await AwsServer.start({ resources: account });
  const machines = ["--instance-type", "t3.micro", "--count", "3", "--subnet", "subnet-1", "--group", "sg-web", "--port", "80"];
  const { status, stdout, stderr } = await beside(server.environment, "--cloud", "aws", "--json", ...machines);
  assert.equal(stderr, "");
  const { findings, policy } = JSON.parse(stdout) as { findings: Finding[]; policy: { Statement: { Sid: string }[] } };
  const refused = findings.filter(({ level, check }) => level === "refused" && check === "rights").map(({ subject }) => subject);
  assert.deepEqual(refused, ["ec2:RegisterImage"]);
  const ok = findings.filter(({ level }) => level === "ok").map(({ check }) => check);
  for (const check of ["credentials", "encryption", "instance type", "quota", "subnet", "route", "firewall"])
    assert.ok(ok.includes(check), check);
  assert.deepEqual(
    policy.Statement.map(({ Sid }) => Sid),
    ["Upload", "Update", "ServiceRole", "Doctor"],
  );
  assert.equal(status, 1);
});

test("--policy prints the policy alone, and asks no cloud", async () => {
  for (const [cloud, member] of [
    ["aws", "Statement"],
    ["gcp", "includedPermissions"],
    ["azure", "Actions"],
  ] as const) {
    const { status, stdout, stderr } = run("--cloud", cloud, "--policy");
    assert.equal(status, 0, stderr);
    assert.ok((JSON.parse(stdout) as Record<string, unknown[]>)[member]?.length);
  }
});
