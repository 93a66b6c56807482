import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const IMAGE = pathToFileURL(fileURLToPath(new URL("../../sdk/definition/image.ts", import.meta.url))).href;
const folder = mkdtempSync(join(tmpdir(), "cli-build-"));
after(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });

describe("what the command line says of a call that cannot work", () => {
  writeFileSync(join(folder, "none.ts"), "export const x = 1;\n");
  writeFileSync(
    join(folder, "two.ts"),
    `import { Image } from "${IMAGE}";\nexport const a = new Image({});\nexport const b = new Image({});\n`,
  );
  for (const row of [
    { name: "no file", args: ["build"], status: 2, says: /got 0 files, wanted one\nusage: pulumi-linuxkit build FILE/ },
    { name: "a file that is not there", args: ["build", "nofile.ts"], status: 1, says: /^NOT_FOUND: there is no file .*nofile\.ts\n$/ },
    { name: "a module without an image", args: ["build", "none.ts"], status: 2, says: /none\.ts exports no Image: write `export const os/ },
    {
      name: "a choice that is not made",
      args: ["build", "two.ts"],
      status: 2,
      says: /two\.ts exports several images: choose one with --image, of a, b/,
    },
    {
      name: "an image of another name",
      args: ["build", "two.ts", "--image", "c"],
      status: 2,
      says: /two\.ts exports no Image "c"; it has a, b/,
    },
    {
      name: "an architecture",
      args: ["build", "two.ts", "--arch", "mips"],
      status: 2,
      says: /no architecture "mips"; there are amd64, arm64, s390x/,
    },
    { name: "a format", args: ["build", "two.ts", "--image", "a", "--format", "floppy"], status: 1, says: /INVALID_DEFINITION: format/ },
    {
      name: "a key without its certificate",
      args: ["build", "two.ts", "--image", "a", "--secure-boot-key", "none"],
      status: 2,
      says: /there is no --secure-boot-certificate, wanted both/,
    },
    {
      name: "a key that cannot be read",
      args: ["build", "two.ts", "--image", "a", "--secure-boot-key", "none.key", "--secure-boot-certificate", "none.pem"],
      status: 1,
      says: /NOT_FOUND: cannot read .*none\.key/,
    },
    {
      name: "a key for nothing that is pushed",
      args: ["build", "two.ts", "--image", "a", "--sign-key", "none"],
      status: 2,
      says: /there is no --push/,
    },
    {
      name: "a passphrase without a key",
      args: ["build", "two.ts", "--image", "a", "--push", "r.example/os:1", "--sign-passphrase", "none"],
      status: 2,
      says: /there is no --sign-key/,
    },
    {
      name: "a push that names no tag",
      args: ["build", "two.ts", "--image", "a", "--push", `r.example/os@sha256:${"0".repeat(64)}`],
      status: 1,
      says: /INVALID_DEFINITION: push\.to: got .*wanted a tag/,
    },
    {
      name: "a cache with a tag",
      args: ["build", "two.ts", "--image", "a", "--cache-from", "r.example/a", "--cache-from", "r.example/b:1"],
      status: 1,
      says: /INVALID_DEFINITION: cache\.from\[1\]: got/,
    },
    { name: "nothing to pull", args: ["pull"], status: 2, says: /got 0 references, wanted one\nusage: pulumi-linuxkit pull REFERENCE/ },
    {
      name: "a pull without digest",
      args: ["pull", "127.0.0.1:1/os:1", "--verify-key", "none.ts"],
      status: 1,
      says: /INVALID_DEFINITION: REFERENCE: got .*wanted a digest/,
    },
    {
      name: "a key to verify by that cannot be read",
      args: ["pull", `r.example/os@sha256:${"0".repeat(64)}`, "--verify-key", "none.pub"],
      status: 1,
      says: /NOT_FOUND: cannot read .*none\.pub/,
    },
    { name: "a command", args: ["bild"], status: 2, says: /no command "bild"; there are build,/ },
    { name: "a limit", args: ["cache", "prune", "--limit", "much"], status: 2, says: /limit: got "much", wanted bytes/ },
  ]) {
    test(row.name, () => {
      const { status, stderr } = run(...row.args);
      assert.match(stderr, row.says);
      assert.equal(status, row.status);
      assert.doesNotMatch(stderr, /^ {4}at /m, "no stack trace");
    });
  }
});

test("--help is on standard output, and names every command and its options", () => {
  assert.match(run("--help").stdout, /pulumi-linuxkit build FILE[\s\S]*pulumi-linuxkit cache prune[\s\S]*pulumi-linuxkit logs/);
  assert.match(run("build", "--help").stdout, /--format FORMAT[\s\S]*--out DIR/);
});
