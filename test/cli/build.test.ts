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

describe("wrong arguments are refused, without a stack trace", () => {
  writeFileSync(join(folder, "none.ts"), "export const x = 1;\n");
  writeFileSync(
    join(folder, "two.ts"),
    `import { Image } from "${IMAGE}";\nexport const a = new Image({});\nexport const b = new Image({});\n`,
  );
  for (const row of [
    { name: "no file", args: ["build"], status: 2, says: /got 0 files, wanted one\nusage: pulumi-linuxkit build FILE/ },
    { name: "a missing file", args: ["build", "nofile.ts"], status: 1, says: /^NOT_FOUND: file not found: .*nofile\.ts\n$/ },
    { name: "a module without an image", args: ["build", "none.ts"], status: 2, says: /none\.ts exports no Image: write `export const os/ },
    {
      name: "several images without --image",
      args: ["build", "two.ts"],
      status: 2,
      says: /two\.ts exports several images: choose one with --image: a, b/,
    },
    {
      name: "an unknown image",
      args: ["build", "two.ts", "--image", "c"],
      status: 2,
      says: /--image: two\.ts exports no Image "c", wanted one of a, b/,
    },
    {
      name: "an unknown architecture",
      args: ["build", "two.ts", "--arch", "mips"],
      status: 2,
      says: /--arch: got "mips", wanted one of amd64, arm64, s390x/,
    },
    {
      name: "an unknown format",
      args: ["build", "two.ts", "--image", "a", "--format", "floppy"],
      status: 1,
      says: /INVALID_DEFINITION: format/,
    },
    {
      name: "a key without its certificate",
      args: ["build", "two.ts", "--image", "a", "--secure-boot-key", "none"],
      status: 2,
      says: /--secure-boot-certificate is missing: Secure Boot needs both/,
    },
    {
      name: "a key that cannot be read",
      args: ["build", "two.ts", "--image", "a", "--secure-boot-key", "none.key", "--secure-boot-certificate", "none.pem"],
      status: 1,
      says: /NOT_FOUND: cannot read .*none\.key/,
    },
    {
      name: "a signing key without --push",
      args: ["build", "two.ts", "--image", "a", "--sign-key", "none"],
      status: 2,
      says: /--push is missing/,
    },
    {
      name: "a passphrase without a key",
      args: ["build", "two.ts", "--image", "a", "--push", "r.example/os:1", "--sign-passphrase", "none"],
      status: 2,
      says: /--sign-key is missing/,
    },
    {
      name: "a push to a digest",
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
    {
      name: "a pull without a reference",
      args: ["pull"],
      status: 2,
      says: /got 0 references, wanted one\nusage: pulumi-linuxkit pull REFERENCE/,
    },
    {
      name: "a pull without a digest",
      args: ["pull", "127.0.0.1:1/os:1", "--verify-key", "none.ts"],
      status: 1,
      says: /INVALID_DEFINITION: REFERENCE: got .*wanted a digest/,
    },
    {
      name: "a verification key that cannot be read",
      args: ["pull", `r.example/os@sha256:${"0".repeat(64)}`, "--verify-key", "none.pub"],
      status: 1,
      says: /NOT_FOUND: cannot read .*none\.pub/,
    },
    { name: "an unknown command", args: ["bild"], status: 2, says: /unknown command "bild": did you mean "build"\?/ },
    {
      name: "an unreadable limit",
      args: ["cache", "prune", "--limit", "much"],
      status: 2,
      says: /--limit: got "much", wanted a number of bytes/,
    },
  ]) {
    test(row.name, () => {
      const { status, stderr } = run(...row.args);
      assert.match(stderr, row.says);
      assert.equal(status, row.status);
      assert.doesNotMatch(stderr, /^ {4}at /m, "no stack trace");
    });
  }
});

test("--help lists every command and a command's options on standard output", () => {
  assert.match(run("--help").stdout, /pulumi-linuxkit build FILE[\s\S]*pulumi-linuxkit cache prune[\s\S]*pulumi-linuxkit logs/);
  assert.match(run("build", "--help").stdout, /--format FORMAT[\s\S]*--out DIR/);
});
