import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { debian, Image, Service } from "../../sdk/index.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { web } from "../review/definitions.ts";
import { imageLayout } from "../support/image-layout.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const SDK = pathToFileURL(fileURLToPath(new URL("../../sdk/index.ts", import.meta.url))).href;
const folder = mkdtempSync(join(tmpdir(), "cli-diff-"));
const scratch = join(folder, "tmp");
const tools = join(folder, "bin");
for (const path of [scratch, tools, join(folder, "os")]) mkdirSync(path);
after(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, "diff", ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, TMPDIR: scratch, PATH: `${tools}${delimiter}${process.env["PATH"]}` },
  });
const pick = ({ status, stdout, stderr }: ReturnType<typeof run>) => ({ status, stdout, stderr });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const git = (...args: string[]): void => {
  const { status, stderr } = spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stderr);
};

const yaml = (more: string): string => `services:\n  - name: web\n    image: nginx:1.27\n    capabilities: [CAP_CHOWN${more}]\n`;
write("a.yml", yaml(""));
write("b.yml", yaml(", CAP_SYS_ADMIN"));
write("same.yml", `# ${"x".repeat(80)}\n${yaml("")}`);
const program = (net: string): string =>
  `import { File, Image, Service } from ${JSON.stringify(SDK)};\nimport { image } from "./image.ts";
export const os = new Image({ services: [new Service("web", { image, net: ${JSON.stringify(net)} })], files: [
  new File("/etc/motd", { source: "os/motd" }), new File("/app.js", { source: "os/built.js" })] });\n`;
git("init", "--quiet", "--initial-branch=main");
write("os/image.ts", `export const image = "nginx:1.27";\n`);
write("os/os.ts", program("none"));
write("os/motd", "hello\n");
git("add", "os");
git("commit", "--quiet", "-m", "one");
write("os/image.ts", `export const image = "nginx:1.28";\n`);
write("os/os.ts", program("host"));
write("os/motd", "welcome\n");

describe("diff", () => {
  test("two files: the exit code is 1, and what widens access is there", () => {
    const { status, stdout, stderr } = run("a.yml", "b.yml");
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^1 change inside the OS: 1 widens access$/m);
    assert.match(stdout, /^ {2}services\.web: capability CAP_SYS_ADMIN added \(its processes may use it\)$/m);
  });

  test("nothing changes: the exit code is 0", () => {
    const { status, stdout } = run("a.yml", "same.yml");
    assert.deepEqual([status, stdout], [0, "nothing changes inside the OS\n"]);
  });

  test("a git revision of a program, with the files beside it as they were", () => {
    const { status, stdout, stderr } = run("main:os/os.ts", "os/os.ts");
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^ {2}services\.web: network: host instead of none|network changed from none to host/m);
    assert.match(stdout, /^ {2}services\.web: image changed from nginx:1\.27 to nginx:1\.28$/m);
    assert.match(stdout, /^ {2}files\.etc\/motd: contents of \/etc\/motd changed\n {6}@@ .*\n {6}-hello\n {6}\+welcome$/m);
    // it is in neither, so it does not differ
    assert.doesNotMatch(stdout, /app\.js/);
    assert.deepEqual(readdirSync(scratch), []);
  });

  test("the image of a stack, with its secrets unknown", () => {
    const { spec } = web();
    const image = {
      ...spec,
      services: { web: { ...spec.services["web"], env: [{ "4dabf18193072939515e22adb298388d": "1b4", ciphertext: "x" }] } },
    };
    const urn = "urn:pulumi:prod::p::linuxkit:index:ImageBuild::os";
    const resource = (type: string, name: string, dependencies: string[], inputs: object = {}) => ({
      type,
      urn: `urn:pulumi:prod::p::${type}::${name}`,
      dependencies,
      inputs,
    });
    const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "web-template", [urn]);
    const resources = [
      { type: "linuxkit:index:ImageBuild", urn, inputs: { image } },
      template,
      resource("aws:autoscaling/group:Group", "web-group", [template.urn], { desiredCapacity: 3 }),
      resource("linuxkit:index:QemuVm", "db-vm", [urn]),
      { ...resource("linuxkit:index:QemuVm", "old-vm", [urn]), delete: true },
      resource("aws:ec2/instance:Instance", "other", []),
    ];
    write("state.json", JSON.stringify({ deployment: { resources } }));
    write(
      "bin/pulumi",
      `#!/bin/sh\n[ "$*" = "stack export --stack prod" ] && exec cat ${join(folder, "state.json")}\necho "error: no stack named '$4' found" >&2\nexit 255\n`,
    );
    chmodSync(join(tools, "pulumi"), 0o755);
    write("web.json.ts", `import { Image } from ${JSON.stringify(SDK)};\nexport default new Image({});\n`);
    const { status, stdout, stderr } = run("stack:prod", "a.yml");
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^ {2}kernel: kernel removed/m);
    assert.match(stdout, /^replaces 4 machines: web-group \(3\), db-vm \(1\)$/m);
    assert.deepEqual(JSON.parse(run("stack:prod", "a.yml", "--json").stdout).machines, [
      { name: "web-group", count: 3 },
      { name: "db-vm", count: 1 },
    ]);
    const gone = run("stack:other", "a.yml");
    assert.deepEqual([gone.status, gone.stderr], [2, "NOT_FOUND: stack:other: error: no stack named 'other' found\n"]);
  });

  test("a stack against a file without a lock: its packages have not gone, and a note names the file", () => {
    const image = debian.packages({ packages: ["openssl"], command: ["openssl"] });
    const { spec } = new Image({ services: [new Service("web", { image, net: "none" })] });
    const key = sourceKey(spec.services["web"]?.image ?? "");
    const locked = { name: "openssl", version: "3.0.17-1", architecture: "amd64", filename: "o.deb", size: 1, sha256: "0".repeat(64) };
    const lock = { version: 1, arch: "amd64", images: {}, debian: { [key]: { packages: [locked] } } };
    const urn = "urn:pulumi:locked::p::linuxkit:index:ImageBuild::os";
    const resource = { type: "linuxkit:index:ImageBuild", urn, inputs: { image: spec }, outputs: { lock } };
    write("locked.json", JSON.stringify({ deployment: { resources: [resource] } }));
    write("bin/pulumi", `#!/bin/sh\nexec cat ${join(folder, "locked.json")}\n`);
    chmodSync(join(tools, "pulumi"), 0o755);
    write(
      "locked.ts",
      `import { debian, Image, Service } from ${JSON.stringify(SDK)};
const image = debian.packages({ packages: ["openssl"], command: ["openssl"] });
export default new Image({ services: [new Service("web", { image, net: "none" })] });\n`,
    );
    write("old.lock.json", JSON.stringify({ ...lock, debian: { [key]: { packages: [{ ...locked, version: "3.0.16-1" }] } } }));
    assert.deepEqual(pick(run("stack:locked", "locked.ts")), {
      status: 0,
      stdout: "nothing changes inside the OS\n",
      stderr: "versions are not compared: locked.ts has no lock; give it with --lock-b\n",
    });
    assert.match(run("locked.ts", "stack:locked").stderr, /^versions are not compared: locked\.ts has no lock; give it with --lock-a$/m);
    const both = pick(run("locked.ts", "stack:locked", "--lock-a", "old.lock.json"));
    assert.deepEqual([both.status, both.stderr], [1, ""]);
    assert.match(both.stdout, /package openssl upgraded from 3\.0\.16-1 to 3\.0\.17-1/);
  });

  test("two images of OCI layouts: their files", async () => {
    for (const [name, mode] of [
      ["one", 0o755],
      ["two", 0o4755],
    ] as const) {
      mkdirSync(join(folder, name));
      await imageLayout(join(folder, name), [[fileEntry("su", "x", mode)]], {});
    }
    const { status, stdout, stderr } = run("oci:one:1", "oci:two:1");
    assert.equal(status, 1, stderr);
    assert.match(stdout, /^ {2}image: mode of \/su changed from 0755 to 4755 \(.+\)$/m);
    assert.doesNotMatch(stdout, /KSPP/);
    assert.equal(run("oci:one:1", "oci:one:1").stdout, "nothing changes inside the OS\n");
  });

  test("two builds, by their JSON, with the files of their initrds", async () => {
    for (const [name, size, mode] of [
      ["one", 1000, 0o755],
      ["two", 2000, 0o4755],
    ] as const) {
      const initrd = await collect(writeCpio([fileEntry("containers/services/web/rootfs/bin/su", "x", mode)]));
      const path = join(folder, `${name}.img`);
      writeFileSync(path, initrd);
      const files = [{ role: "initrd", path, size: initrd.length, sha256: hexOf(digestOf(initrd)) }];
      write(
        `${name}.json`,
        JSON.stringify({
          lock: { version: 1, arch: "amd64", debian: {}, images: {} },
          cmdline: "",
          segments: [{ name: "init", size }],
          files,
        }),
      );
    }
    const { status, stdout, stderr } = run("one.json", "two.json");
    assert.deepEqual([status, stderr], [1, ""]);
    assert.match(stdout, /^ {2}size: segment init changed from 1000 bytes to 2000 bytes$/m);
    assert.match(stdout, /^ {2}services\.web: mode of \/bin\/su changed from 0755 to 4755 /m);
    write("two.img", "another");
    const page = run("one.json", "two.json", "--format", "html");
    assert.match(page.stderr, /two\.img is not what this build wrote: its files are not looked at$/m);
    assert.match(page.stdout, /<h2 id="sizes">What it holds<\/h2><p>Segments, compressed: 2\.0 kB/);
  });

  test("a page: the changes, the network, the capabilities, and two boots", () => {
    write("old.log", "linuxkit n 1.20 kernel 6.1 id\nlinuxkit n 2.00 healthy\n");
    write("new.json", '{"number":1,"seconds":1.5,"stage":"kernel"}\n');
    const { status, stdout, stderr } = run("a.yml", "b.yml", "--format", "html", "--boot", "old.log", "--boot", "new.json");
    assert.equal(status, 1, stderr);
    for (const heading of ["What changes", "How it boots", "Who may talk to whom", "Capabilities"])
      assert.match(stdout, new RegExp(`<h2 id="\\w+">${heading}</h2>`));
    assert.match(stdout, /old\.log: healthy after 2\.00 s/);
    assert.match(stdout, /<th scope="row">CAP_SYS_ADMIN<\/th><td class="added">/);
  });

  for (const [args, status, want] of [
    [["a.yml", "b.yml", "--fail-on", "breaks"], 0, /CAP_SYS_ADMIN/],
    [["a.yml", "b.yml", "--fail-on", "widens"], 1, /CAP_SYS_ADMIN/],
    [["a.yml", "b.yml", "--json"], 1, /"path": "services\.web\.capabilities\.CAP_SYS_ADMIN"/],
    [["a.yml", "b.yml", "--format", "sarif"], 1, /"ruleId": "capability"/],
    [["a.yml", "b.yml", "--format", "markdown"], 1, /^- `services\.web`: capability CAP\\_SYS\\_ADMIN added/m],
    [["a.yml", "b.yml", "--format", "html"], 1, /<code>services\.web<\/code>: capability CAP_SYS_ADMIN added/],
  ] as const) {
    test(args.join(" "), () => {
      const got = run(...args);
      assert.equal(got.status, status, got.stderr);
      assert.match(got.stdout, want);
      assert.equal(got.stderr, "");
    });
  }

  for (const [args, want] of [
    [["a.yml"], /^got 1 systems, wanted two: A and B\nusage: /],
    [["a.yml", "none.yml"], /^NOT_FOUND: file not found: /],
    [["main:none.yml", "a.yml"], /^NOT_FOUND: main:none\.yml: git has nothing of this name here: /],
    [["nowhere:os/os.ts", "a.yml"], /^NOT_FOUND: nowhere: git has nothing of this name here: /],
    [["a.yml", "b.yml", "--format", "pdf"], /^--format: got "pdf", wanted one of text, json, markdown, html, sarif\n/],
    [["a.yml", "b.yml", "--boot", "a.yml"], /^--boot: got --format text, wanted html, which alone shows boots\n/],
    [["a.yml", "b.yml", "--format", "html", "--boot", "a.yml"], /^INVALID_DEFINITION: a\.yml: got no report of a boot, /],
    [["a.yml", "b.yml", "--fail-on", "all"], /^--fail-on: got "all", wanted one of widens, breaks, narrows, neutral\n/],
    [["oci:one:1", "a.yml"], /^got the image oci:one:1 and the definition a\.yml, wanted two of one kind\n/],
    [
      ["oci:one:1", "oci:two:1", "--lock-a", "a.yml"],
      /^--image, --lock-a and --lock-b: got no definitions, which alone have exports and locks\n/,
    ],
    [["one.json", "state.json"], /^INVALID_DEFINITION: state\.json: wanted the JSON that build --json prints\n/],
    [["oci:nowhere:1", "oci:two:1"], /^NOT_FOUND: /],
    [["a.yml", "b.yml", "--lock-a", "a.yml"], /^INVALID_DEFINITION: a\.yml: got no lock, wanted the JSON of a build's `lock`\n/],
  ] as const) {
    test(`${args.join(" ")}: the exit code is 2`, () => {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, want);
    });
  }
});
