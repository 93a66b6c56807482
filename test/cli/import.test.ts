import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { literal } from "../../sdk/cli/literal.ts";
import { programOf } from "../../sdk/cli/program.ts";
import { yamlComments } from "../../sdk/cli/yaml-comments.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { Image } from "../../sdk/definition/image.ts";
import { metadataText } from "../../sdk/definition/metadata.ts";
import { createPlan } from "../../sdk/plan/create-plan.ts";
import { resolve } from "../../sdk/resolve/resolve.ts";
import { cases, imageConfigOf, yamlOf } from "../support/conformance.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "import-"));
after(() => rm(folder, { recursive: true }));

/** Runs a program against the package's sources. Returns the image that it exports. */
async function run(name: string, program: string): Promise<Image> {
  const file = join(folder, `${name}.mts`);
  await writeFile(file, program.replace('"pulumi-linuxkit"', JSON.stringify(pathToFileURL(join(ROOT, "sdk/index.ts")).href)));
  return ((await import(pathToFileURL(file).href)) as { os: Image }).os;
}

async function planDigest(image: Image): Promise<string> {
  // files with a `source` are read from the project's folder, which this test does not have
  const definition = { ...image.spec, files: image.spec.files.filter(({ source }) => source === undefined) };
  const resolved = await resolve(definition, {
    arch: "amd64",
    sources: {
      lockDebian: () => assert.fail("no package in these cases"),
      readAccounts: () => assert.fail("LinuxKit reads no users"),
      findLayout: () => assert.fail("no layout in these cases"),
      findImage: async (reference) => ({ config: imageConfigOf(reference), manifest: digestOf(reference), layers: [] }),
    },
  });
  return createPlan(resolved, (kind) => metadataText(image.spec, kind)).digest;
}

describe("the program makes the same OS as the YAML", () => {
  for (const name of cases("accepted")) {
    test(name, async () => {
      const image = Image.fromYaml(yamlOf("accepted", name));
      const again = await run(name, programOf(image.spec, { source: `${name}.yml` }));
      assert.deepEqual(again.spec, image.spec);
      assert.equal(await planDigest(again), await planDigest(image));
    });
  }
});

describe("a literal evaluates to its value", () => {
  const rows: { name: string; value: unknown }[] = [
    { name: "several lines", value: { a: "one\ntwo\n" } },
    { name: "backticks, backslashes and ${} in a template", value: ["a\n`${b}`\\n\\", "a\n$b", "a\n\\"] },
    { name: "a carriage return, a NUL, line separators, lone surrogates", value: ["a\r\nb", "a\n\0", "a\nb\u2028\u2029", "a\n\ud800"] },
    { name: "spaces at the end of a line", value: "a \nb" },
    { name: "keys that are not identifiers", value: { "a-b": 1, "1": 2, "capabilities.add": [], "": null } },
    { name: "the key __proto__", value: JSON.parse('{"__proto__":{"a":1}}') },
    {
      name: "a value longer than a line",
      value: { list: Array.from({ length: 40 }, (_, index) => `item ${index}`), nested: { deep: { deeper: "x".repeat(150) } } },
    },
    { name: "empty values", value: { a: [], b: {}, c: false, d: 0, e: "" } },
  ];
  for (const { name, value } of rows) {
    test(name, async () => {
      const file = join(folder, `${name}.mjs`);
      await writeFile(file, `export default ${literal(value)};\n`);
      assert.deepEqual(((await import(pathToFileURL(file).href)) as { default: unknown }).default, value);
    });
  }
});

test("the program is laid out as written by hand", () => {
  const yaml = `
kernel: {image: "linuxkit/kernel:6.6.71", cmdline: "console=ttyS0"}
init: ["linuxkit/init:1", "linuxkit/runc:1"]
services:
  - name: getty
    image: linuxkit/getty:1
    env: ["INSECURE=true"]
  - name: nginx
    image: nginx:1.27
    capabilities: [CAP_NET_BIND_SERVICE, CAP_CHOWN, CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE]
    binds: ["/etc/resolv.conf:/etc/resolv.conf"]
volumes: [{name: data}]
files:
  - path: etc/motd
    contents: |
      Welcome.
      This is \${HOSTNAME}.
`;
  assert.equal(
    programOf(Image.fromYaml(yaml).spec, { source: "os.yml", resource: true }),
    `import { File, Image, ImageBuild, Kernel, Service, Volume } from "pulumi-linuxkit";

/** From os.yml. */
export const os = new Image({
  kernel: new Kernel({ image: "linuxkit/kernel:6.6.71", cmdline: "console=ttyS0" }),
  init: ["linuxkit/init:1", "linuxkit/runc:1"],
  services: [
    new Service("getty", { image: "linuxkit/getty:1", env: ["INSECURE=true"], sandbox: "linuxkit" }),
    new Service("nginx", {
      image: "nginx:1.27",
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE"],
      binds: ["/etc/resolv.conf:/etc/resolv.conf"],
      sandbox: "linuxkit",
    }),
  ],
  volumes: [
    new Volume("data"),
  ],
  files: [
    new File("etc/motd", {
      contents: \`Welcome.
This is \\\${HOSTNAME}.
\`,
    }),
  ],
});

export const build = new ImageBuild("os", { image: os });
`,
  );
});

describe("comments", () => {
  const COMMENTED = `# A router for the lab.

# pinned by the platform team
kernel: {image: "linuxkit/kernel:6.6.71"} # the long-term one
init:
  # first of all
  - linuxkit/init:1
  - linuxkit/runc:1 # or crun
services:
  # the console
  - name: getty
    image: linuxkit/getty:1
  # the page
  # of the team
  - name: nginx
    image: nginx:1.27
    capabilities:
      - CAP_CHOWN # for its cache
    # read-only
    binds: ["/a:/a"]
volumes:
  - name: data # nobody's
files:
  - path: etc/motd
    contents: x
  # end of the list
# the end
`;
  const program = programOf(Image.fromYaml(COMMENTED).spec, { source: "os.yml", comments: yamlComments([COMMENTED]) });
  test("stand above what they belong to", () => {
    assert.equal(
      program,
      `import { File, Image, Kernel, Service, Volume } from "pulumi-linuxkit";

// A router for the lab.
/** From os.yml. */
export const os = new Image({
  // pinned by the platform team
  // the long-term one
  kernel: new Kernel({ image: "linuxkit/kernel:6.6.71" }),
  // first of all
  // or crun
  init: ["linuxkit/init:1", "linuxkit/runc:1"],
  services: [
    // the console
    new Service("getty", { image: "linuxkit/getty:1", sandbox: "linuxkit" }),
    // the page
    // of the team
    // capabilities: for its cache
    // binds: read-only
    new Service("nginx", { image: "nginx:1.27", capabilities: ["CAP_CHOWN"], binds: ["/a:/a"], sandbox: "linuxkit" }),
  ],
  volumes: [
    // name: nobody's
    new Volume("data"),
  ],
  // end of the list
  // the end
  files: [
    new File("etc/motd", { contents: "x" }),
  ],
});
`,
    );
  });
  test("change nothing in the OS, and none is lost or written twice", async () => {
    const again = await run("commented", program);
    assert.deepEqual(again.spec, Image.fromYaml(COMMENTED).spec);
    for (const [, comment] of COMMENTED.matchAll(/# (.*)/g)) assert.equal(program.split(comment as string).length, 2, comment);
  });
  test("of several files are those of the merged items", () => {
    const texts = ["onboot:\n  # one\n  - {name: a, image: x}\n", "onboot:\n  # two\n  - {name: b, image: x}\n"];
    assert.deepEqual(
      [...yamlComments(texts).items],
      [
        ["onboot 0", ["one"]],
        ["onboot 1", ["two"]],
      ],
    );
  });
  test("end no line of the program", async () => {
    const text = "init: [a]\nservices:\n  # */ \u2028 process.exit(7) // \u2029 throw 1\n  - {name: a, image: x}\n";
    const hostile = programOf(Image.fromYaml(text).spec, { source: "os.yml", comments: yamlComments([text]) });
    assert.doesNotMatch(hostile, /[\u2028\u2029]/);
    assert.deepEqual((await run("hostile", hostile)).spec, Image.fromYaml(text).spec);
  });
});

describe("the command", () => {
  const command = (...args: string[]) =>
    promisify(execFile)(process.execPath, [join(ROOT, "sdk/cli/main.ts"), "import", ...args], { cwd: folder }).then(({ stdout }) => stdout);
  const failure = (...args: string[]) =>
    command(...args).then(
      () => assert.fail("the command succeeded"),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );

  test("merges several files into one program", async () => {
    await writeFile(join(folder, "base.yml"), 'kernel: {image: "a/kernel:1"}\ninit: ["a/init:1"]\n');
    await writeFile(join(folder, "more.yml"), 'kernel: {cmdline: "quiet"}\ninit: ["a/runc:1"]\n');
    assert.equal(await command("base.yml", "more.yml", "--out", "os.ts", "--name", "base"), "");
    const program = await readFile(join(folder, "os.ts"), "utf8");
    assert.match(program, /From base\.yml and more\.yml/);
    assert.match(
      program,
      /export const base = new Image\(\{\n {2}kernel: new Kernel\(\{ image: "a\/kernel:1", cmdline: "quiet" \}\),\n {2}init: \["a\/init:1", "a\/runc:1"\],/,
    );
  });
  test("an error names the file, the line and the path", async () => {
    await writeFile(join(folder, "bad.yml"), yamlOf("refused", "unknown-field"));
    const { code, stderr } = await failure("bad.yml");
    assert.equal(code, 1);
    assert.match(stderr, /INVALID_DEFINITION: bad\.yml:10: services\.app\.privileged: unknown property/);
  });
  for (const { args, message, status } of [
    { args: [], status: 2, message: /got no file/ },
    // as `build` has it
    { args: ["none.yml"], status: 1, message: /NOT_FOUND: cannot read .*none\.yml: ENOENT/ },
    { args: ["base.yml", "--name", "a-b"], status: 2, message: /--name: got "a-b"/ },
  ]) {
    test(`refuses ${JSON.stringify(args)}`, async () => {
      const { code, stderr } = await failure(...args);
      assert.equal(code, status);
      assert.match(stderr, message);
    });
  }
});
