import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { OPTIONAL_PACKAGES } from "../../sdk/core/missing-package.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { makeCleanClone } from "../support/clean-clone.ts";
import { makeStack } from "../support/engine.ts";
import { freePort } from "../support/free-port.ts";
import { scratch } from "../support/judge.ts";
import { makeOwnCache } from "../support/own-cache.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLE = join(ROOT, "examples", "web");

/** The Node that runs the installed package. CI names each version that the package supports. */
const NODE = process.env.PACKAGE_NODE ?? join(ROOT, "node_modules", ".bin", "node");

/** What may be in the package, by folder. */
const PACKED =
  /^(bin\/[\w.-]+|dist\/(sdk|providers)\/[\w./-]+\.(js|d\.ts)|dist\/guest\/(linuxkit(d|-cluster|-secrets|-tls)-(amd64|arm64|s390x)|programs\.json)|docs\/[\w-]+\.md|docs\/benchmarks\/\w+\.svg|(CHANGELOG|README|SECURITY)\.md|LICENSE|package\.json)$/;

/** An OS for the command line, as a user would write it. */
const OS = `
import { debian, Image, Kernel } from "pulumi-linuxkit";
export const os = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] });
`;

const BUILD = `
import { debian, Image, ImageBuild, Kernel } from "pulumi-linuxkit";
const image = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] });
export const { digest } = new ImageBuild("os", { image });
`;

test("a package packed from a clean clone, installed beside Pulumi alone, runs examples/web and its commands", {
  timeout: 1_500_000,
}, async () => {
  await using home = await scratch();
  const [user, cacheDir, stateDir] = ["user", "cache", "state"].map((name) => join(home.path, name)) as [string, string, string];
  await mkdir(user);
  await makeOwnCache(cacheDir);
  const env = {
    ...process.env,
    PATH: [dirname(NODE), process.env.PATH].join(delimiter),
    PULUMI_LINUXKIT_CACHE: cacheDir,
    PULUMI_LINUXKIT_STATE: stateDir,
  };
  const run = (cwd: string, program: string, ...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(program, args, { cwd, env, timeout: 600_000, maxBuffer: 16 << 20 }, (error, stdout, stderr) =>
        error ? reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stdout}${stderr}`)) : resolve(stdout),
      );
    });
  const npx = (...args: string[]) => run(user, "npx", "--no-install", "pulumi-linuxkit", ...args);

  // `prepack` installs what compiles the sources, and compiles them
  const clone = join(home.path, "clone");
  await makeCleanClone(ROOT, clone);
  const [packed] = JSON.parse(await run(clone, "npm", "pack", "--json", "--pack-destination", home.path)) as [
    { filename: string; files: { path: string }[] },
  ];
  await rm(clone, { recursive: true });
  const paths = packed.files.map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => !PACKED.test(path)),
    [],
  );
  for (const path of await exportedFiles()) assert.ok(paths.includes(path), `${path} is not in the package`);

  const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { devDependencies: Record<string, string> };
  await writeFile(
    join(user, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { "@pulumi/pulumi": devDependencies["@pulumi/pulumi"], "pulumi-linuxkit": `file:../${packed.filename}` },
    }),
  );
  await run(user, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund");
  await writeFile(join(user, "os.ts"), OS);

  const help = await npx("--help");
  for (const usage of ["build FILE", "logs [MACHINE [SERVICE]]", "exec [options] MACHINE", "cache prune"])
    assert.ok(help.includes(`\n  pulumi-linuxkit ${usage} `), help);
  const lines = (await npx("build", "os.ts", "--out", "out"))
    .trim()
    .split("\n")
    .map((line) => line.split(/ +/) as [string, string, string]);
  for (const [sha256, size, path] of lines) {
    const bytes = await readFile(path);
    assert.deepEqual([hexOf(digestOf(bytes)), String(bytes.length)], [sha256, size], path);
  }
  const names = lines.map(([, , path]) => basename(path)).sort();
  assert.deepEqual((await readdir(join(user, "out"))).sort(), names);
  for (const name of ["os-cmdline", "os-initrd.img", "os-kernel"]) assert.ok(names.includes(name), String(names));

  await usesQemuAlone(user, cacheDir);

  const folder = join(home.path, "example");
  for (const name of ["Pulumi.yaml", "index.ts", "index.html", "package.json"]) await cp(join(EXAMPLE, name), join(folder, name));
  const config = { "web:port": String(await freePort()) };
  await using _ = { [Symbol.asyncDispose]: () => endMachines(stateDir) };
  await using stack = await makeStack({
    folder,
    programs: [dirname(NODE)],
    modules: join(user, "node_modules"),
    config,
    env: { PULUMI_LINUXKIT_CACHE: cacheDir, PULUMI_LINUXKIT_STATE: stateDir },
  });
  await stack.up();
  const { url, bootId } = (await stack.outputs()) as { url: string; bootId: string };
  const answer = await fetch(new URL("/boot_id", url), { signal: AbortSignal.timeout(30_000) });
  assert.equal((await answer.text()).trim(), bootId);

  assert.match(await npx("logs"), /^web-vm-\S+ {2}pid \d+ {2}\S+:80\/tcp {2}urn:pulumi:test::web::\S+\n$/);
  assert.match(await npx("logs", "web"), new RegExp(` kernel \\S+ ${bootId}\\n[\\s\\S]* healthy\\n`));
  assert.equal((await npx("logs", "web", "--lines", "1")).trim().split("\n").length, 1);
  await stack.destroy();
  assert.equal(await npx("logs"), "");

  assert.match(await npx("cache", "prune", "--limit", "10M"), /^removed [1-9]\d* files, [\d.]+ MB; \d\.\d MB left\n$/);
  assert.match(await npx("cache", "prune", "--limit", "0"), /; 0\.0 MB left\n$/);
  assert.deepEqual(await readdir(join(cacheDir, "segments")), []);
});

/** Each cloud's part of the package, and the package that it needs first. */
const CLOUDS = { aws: "@pulumi/aws", gcp: "@pulumi/gcp", azure: "@pulumi/azure-native" };

/** What the engine does with the package for somebody who has installed no cloud's packages. */
async function usesQemuAlone(user: string, cacheDir: string): Promise<void> {
  const plugin = join(user, "node_modules", "pulumi-linuxkit", "bin");
  await using stack = await makeStack({
    files: { "index.js": "" },
    programs: [dirname(NODE)],
    modules: join(user, "node_modules"),
    plugin,
    env: { PULUMI_LINUXKIT_CACHE: cacheDir },
  });
  const { stdout } = await stack.must("package", "get-schema", join(plugin, "pulumi-resource-linuxkit"));
  const schema = JSON.parse(stdout) as { resources: object };
  for (const name of ["ImageBuild", "QemuVm", "AwsSnapshot", "GcpImage", "AzureUpload"])
    assert.ok(Object.hasOwn(schema.resources, `linuxkit:index:${name}`), name);

  for (const [cloud, name] of Object.entries(CLOUDS)) {
    const line = `npm install ${OPTIONAL_PACKAGES.find(([first]) => first === name)?.join(" ")}`;
    await stack.write("index.js", `import { Machine } from "pulumi-linuxkit/${cloud}";\nconsole.log(Machine);\n`);
    const { status, text } = await stack.run("preview");
    assert.notEqual(status, 0);
    assert.ok(text.includes(`is not installed beside pulumi-linuxkit: run \`${line}\``), text);
  }

  await stack.write("index.js", BUILD);
  await stack.up();
  const { digest } = (await stack.outputs()) as { digest: string };
  await stack.write("index.js", "");
  await stack.up();
  const { status, text } = await stack.run(
    "import",
    "linuxkit:index:ImageBuild",
    "os",
    digest,
    "--yes",
    "--protect=false",
    "--generate-code=false",
  );
  assert.equal(status, 0, text);
  const { deployment } = JSON.parse((await stack.must("stack", "export")).stdout) as {
    deployment: { resources: { type: string; outputs?: { digest?: string } }[] };
  };
  assert.deepEqual(
    deployment.resources.flatMap(({ type, outputs }) => (type === "linuxkit:index:ImageBuild" ? [outputs?.digest] : [])),
    [digest],
  );
}

/** The files that package.json exports or runs. */
async function exportedFiles(): Promise<string[]> {
  const { exports, bin } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
    bin: Record<string, string>;
  };
  const named = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
  return [...named, ...Object.values(bin)].map((path) => path.replace(/^\.\//, ""));
}

/** Ends the machines of a test that failed. */
async function endMachines(stateDir: string): Promise<void> {
  for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
}
