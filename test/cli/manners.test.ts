import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "sdk/cli/main.ts");
const LIB = pathToFileURL(join(ROOT, "sdk/index.ts")).href;
const PULUMI = pathToFileURL(join(ROOT, "node_modules/@pulumi/pulumi/index.js")).href;
const folder = mkdtempSync(join(tmpdir(), "cli-manners-"));
after(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [MAIN, ...args], { cwd: folder, encoding: "utf8", timeout: 120_000, input, env: { ...process.env, ...env } });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

const YAML = 'services:\n  - name: web\n    image: nginx:1.27\n    env: ["A=1"]\n';

describe("the shell", () => {
  mkdirSync(join(folder, "project"));
  write(
    "os.ts",
    `import { Image, Service } from ${JSON.stringify(LIB)};\nexport const os = new Image({ services: [new Service("web", { image: "nginx:1.27", env: { A: "1" }, secrets: { key: "hush" } })] });\n`,
  );
  write(
    "tree.ts",
    `import { File, Image } from ${JSON.stringify(LIB)};\nexport const os = new Image({ files: [new File("/etc/motd", { contents: "hello" })] });\n`,
  );
  write(
    "later.ts",
    `import * as pulumi from ${JSON.stringify(PULUMI)};\nimport { Image, Service } from ${JSON.stringify(LIB)};\nexport const os = new Image({ services: [new Service("web", { image: "x", env: [pulumi.interpolate\`A=\${"b"}\`] })] });\n`,
  );
  write("syntax.ts", "export const os = new Image({\n");
  write("missing.ts", 'import "no-such-package";\n');
  write("nofile.ts", 'import "./base";\n');
  write("enum.ts", "enum Size { small }\nexport const os = Size.small;\n");
  write("throws.ts", "const a: string[] = [];\nconst b = a[0]!.length;\nexport const os = b;\n");
  write(
    "wrong.ts",
    `import { Image, Service } from ${JSON.stringify(LIB)};\nexport const os = new Image({ services: [new Service("web", { image: "x", retsart: "always" } as never)] });\n`,
  );
  write(
    "program.ts",
    `import * as pulumi from ${JSON.stringify(PULUMI)};\nexport const name = new pulumi.Config("app").require("name");\n`,
  );
  write(
    "resource.ts",
    `import { Image, ImageBuild } from ${JSON.stringify(LIB)};\nexport const os = new Image({});\nexport const build = new ImageBuild("x", { image: os });\n`,
  );
  write("typo.yml", "kernel:\n  image: linuxkit/kernel:6.6.13\n  cmdlin: x\n");
  write("os.txt", "x");
  write("lock.json", "[]");
  write("whole.json", JSON.stringify({ version: 1, arch: "amd64", debian: {}, images: {} }));

  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const rows: readonly { args: string[]; status: number; out?: RegExp; err?: RegExp; input?: string }[] = [
    { args: ["--version"], status: 0, out: new RegExp(`^${version.replaceAll(".", "\\.")}\n$`) },
    { args: ["help"], status: 0, out: /^pulumi-linuxkit: define [\s\S]*exit status/ },
    { args: [], status: 0, out: /^pulumi-linuxkit: define / },
    { args: ["help", "build"], status: 0, out: /^pulumi-linuxkit build FILE[\s\S]*--write-lock FILE/ },
    { args: ["biuld", "os.ts"], status: 2, err: /^unknown command "biuld": did you mean "build"\?\n$/ },
    { args: ["help", "biuld"], status: 2, err: /did you mean "build"\?\n$/ },
    { args: ["frobnicate"], status: 2, err: /^unknown command "frobnicate", wanted one of build, / },
    // definitions
    { args: ["validate", "os.ts"], status: 0, out: /^$/ },
    { args: ["validate", "-"], input: YAML, status: 0, out: /^$/ },
    { args: ["describe", "-"], input: YAML, status: 0, out: /"env": \[\n +"A=1"/ },
    { args: ["import", "-"], input: YAML, status: 0, out: /From standard input\.[\s\S]*new Service\("web"/ },
    {
      args: ["validate", "-"],
      input: "kernel:\n  cmdlin: x\n",
      status: 1,
      err: /standard input:2: kernel\.cmdlin: unknown property: did you mean "cmdline"\?/,
    },
    { args: ["validate", "typo.yml"], status: 1, err: /^INVALID_DEFINITION: typo\.yml:3: kernel\.cmdlin: / },
    {
      args: ["validate", "later.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: services\.web\.env\[0\]: got a value that is not known yet, wanted plain data: Outputs work only in the resources of a Pulumi program, such as an ImageBuild\n$/,
    },
    { args: ["build", "later.ts"], status: 1, err: /^INVALID_DEFINITION: services\.web\.env\[0\]: got a value that is not known yet/ },
    {
      args: ["upgrade", "later.ts", "--lock", "whole.json"],
      status: 1,
      err: /^INVALID_DEFINITION: services\.web\.env\[0\]: got a value that is not known yet/,
    },
    {
      args: ["describe", "-", "--format", "html"],
      input: YAML,
      status: 0,
      out: /^<!doctype html>[\s\S]*<h2 id="network">Who may talk to whom/,
    },
    { args: ["describe", "-", "--format", "pdf"], input: YAML, status: 2, err: /--format: got "pdf", wanted one of json, html/ },
    { args: ["describe", "-", "--build", "x"], input: YAML, status: 2, err: /--build: got --format json, wanted html/ },
    { args: ["describe", "later.ts"], status: 0, out: /"\(not known\)"/ },
    {
      args: ["validate", "wrong.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: services\.web\.retsart: unknown property: did you mean "restart"\?\n$/,
    },
    // what is not an Image
    {
      args: ["validate", "project"],
      status: 2,
      err: /got the folder project, wanted a file: LinuxKit YAML, or a module as project\/index\.ts/,
    },
    { args: ["validate", "syntax.ts"], status: 1, err: /^INVALID_DEFINITION: syntax\.ts: (cannot be loaded|not a module): / },
    {
      args: ["validate", "missing.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: missing\.ts: cannot be loaded: Cannot find package 'no-such-package' .*: install the package, /,
    },
    {
      args: ["validate", "nofile.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: nofile\.ts: cannot be loaded: .*with its ending, as \.\/base\.ts\n$/,
    },
    {
      args: ["validate", "enum.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: enum\.ts: cannot be loaded: .*a constant object instead of an enum/,
    },
    { args: ["validate", "throws.ts"], status: 1, err: /^INVALID_DEFINITION: throws\.ts: it failed: TypeError: .*\(line 2\)\n$/ },
    {
      args: ["validate", "program.ts"],
      status: 1,
      err: /^INVALID_DEFINITION: program\.ts: it is a Pulumi program, which only `pulumi up` runs: /,
    },
    // a resource beside the Image does no harm
    { args: ["validate", "resource.ts"], status: 0, out: /^$/ },
    {
      args: ["validate", "os.txt"],
      status: 1,
      err: /^INVALID_DEFINITION: os\.txt: cannot be loaded: .*wanted LinuxKit YAML \(\.yml, \.yaml\), or a module/,
    },
    // options of a build
    {
      args: ["build", "tree.ts", "--lock", "lock.json"],
      status: 1,
      err: /^INVALID_DEFINITION: --lock: lock\.json: not a lock, wanted a file that --write-lock wrote\n$/,
    },
    { args: ["build", "tree.ts", "--lock", "os.txt"], status: 1, err: /--lock: os\.txt: not JSON, wanted/ },
    { args: ["build", "tree.ts", "--disk-mib", "1G"], status: 2, err: /--disk-mib: got "1G", wanted a whole number of MiB, such as 512/ },
    { args: ["build", "tree.ts", "--registry-mirror", "x"], status: 2, err: /--registry-mirror: got "x", wanted REGISTRY=URL/ },
    { args: ["build", "tree.ts", "--verify", "x"], status: 2, err: /--verify: got "x", wanted NAME=FILE/ },
  ];
  for (const { args, status, out, err, input } of rows) {
    test(args.join(" ") || "without arguments", () => {
      const result = run(args, input);
      assert.equal(result.status, status, result.stderr + result.stdout);
      if (out) assert.match(result.stdout, out);
      if (err) assert.match(result.stderr, err);
      assert.ok(!/^\s+at /m.test(result.stderr), result.stderr);
    });
  }

  test("describes without the values of secrets", () => {
    const { stdout } = run(["describe", "os.ts"]);
    assert.match(stdout, /"key": ""/);
    assert.doesNotMatch(stdout, /hush/);
  });

  test("shows an error in red where colours are wanted, else without", () => {
    assert.match(run(["biuld"], "", { FORCE_COLOR: "1" }).stderr, /^\u001b\[31munknown command/);
    assert.doesNotMatch(run(["biuld"], "", { FORCE_COLOR: undefined, NO_COLOR: "1" }).stderr, /\u001b/);
    assert.doesNotMatch(run(["biuld"], "", { FORCE_COLOR: undefined }).stderr, /\u001b/);
  });

  test("builds from the lock that a build wrote, byte for byte", () => {
    const build = (...more: string[]) => {
      const { stdout, stderr, status } = run(["build", "tree.ts", "--format", "tar", "--out", "out", ...more]);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    const first = build("--no-sbom", "--write-lock", "written.json");
    assert.equal((JSON.parse(readFileSync(join(folder, "written.json"), "utf8")) as { arch: string }).arch, "amd64");
    assert.equal(build("--no-sbom", "--lock", "written.json", "--write-lock", "written.json"), first);
    const both = build("--sbom-path", "/usr/share/sbom.json", "--cyclonedx", "--json");
    const { files } = JSON.parse(both) as { files: { role: string; name: string }[] };
    assert.deepEqual(
      files.map(({ role, name }) => [role, name]),
      [
        ["image", "tree.tar"],
        ["sbom", "tree-sbom.spdx.json"],
        ["sbom-cyclonedx", "tree-sbom.cdx.json"],
      ],
    );
    assert.equal((JSON.parse(readFileSync(join(folder, "out/tree-sbom.cdx.json"), "utf8")) as { specVersion: string }).specVersion, "1.6");
    const refused = run(["build", "tree.ts", "--no-sbom", "--cyclonedx"]);
    assert.deepEqual([refused.status, refused.stderr.split("\n")[0]], [2, "--no-sbom and --cyclonedx: got both, wanted one of them"]);
  });
});
