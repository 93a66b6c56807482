import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { scratch } from "../support/judge.ts";
import { runTool } from "../support/run-tool.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A program that uses what the package's entries export, values and types. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { type Artifact, type BuildOptions, build, debian, File, Image, ImageBuild, isLinuxKitError, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Disk, Machine, MachineImage } from "pulumi-linuxkit/qemu";

const token = new pulumi.Config().requireSecret("token");
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [new Service("web", { image: "nginx:1.27", capabilities: ["CAP_CHOWN"], env: [pulumi.interpolate\`TOKEN=\${token}\`], health: { http: { port: 80 } } })],
  files: [new File("/etc/motd", { contents: "hello", mode: "0644" })],
});
const made = new ImageBuild("web", { image: os, format: "kernel+initrd" });
const machine = new Machine("web", { machineImage: new MachineImage("web", { build: made }), publish: ["8080:80/tcp"], disks: [new Disk("data", { sizeMiB: 64 })] });
export const url: pulumi.Output<string> = machine.url;
export const digest: pulumi.Output<string> = made.digest;

export async function alone(options: BuildOptions): Promise<Artifact | undefined> {
  try {
    return await build(os, options);
  } catch (error) {
    if (isLinuxKitError(error, "NO_MIRROR")) return undefined;
    throw error;
  }
}
`;

/** A policy pack. */
const PACK = `
import { PolicyPack } from "@pulumi/policy";
import { type PolicyOptions, policies } from "pulumi-linuxkit/policy";

const asked: PolicyOptions = { registries: ["ghcr.io/acme"], waive: [{ rule: "root-user", reason: "tried", until: "2027-01-31" }] };
new PolicyPack("acme", { policies: policies(asked) });
`;

/** The configuration of \`pulumi new typescript\`, which checks declarations. */
const TEMPLATE = {
  strict: true,
  outDir: "bin",
  target: "es2020",
  module: "commonjs",
  moduleResolution: "node",
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};

const CONFIGURATIONS: Readonly<Record<string, object>> = {
  // TypeScript 6 reports this module resolution as deprecated otherwise
  "the classic template: CommonJS, subpaths through typesVersions": { ...TEMPLATE, ignoreDeprecations: "6.0" },
  "the template of newer projects: nodenext, subpaths through exports": { ...TEMPLATE, module: "nodenext", moduleResolution: "nodenext" },
  // as TypeScript 6 has it by default
  "a configuration that names no types": { ...TEMPLATE, module: "nodenext", moduleResolution: "nodenext", types: [] },
};

/** A folder with this configuration and these files, compiled by `tsc`. */
async function compile(
  compilerOptions: object,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly output: string }> {
  await using project = await scratch();
  await mkdir(join(project.path, "node_modules"));
  for (const name of ["@pulumi", "@types"]) await symlink(join(ROOT, "node_modules", name), join(project.path, "node_modules", name));
  await symlink(ROOT, join(project.path, "node_modules/pulumi-linuxkit"));
  const configuration = { compilerOptions: { ...compilerOptions, noEmit: true, pretty: false }, files: Object.keys(files) };
  await writeFile(join(project.path, "tsconfig.json"), JSON.stringify(configuration));
  for (const [name, text] of Object.entries(files)) await writeFile(join(project.path, name), text);
  return await runTool(join(ROOT, "node_modules/.bin/tsc"), "-p", project.path);
}

describe("a program of a user compiles under", { timeout: 300_000 }, () => {
  for (const [name, compilerOptions] of Object.entries(CONFIGURATIONS)) {
    test(name, async () => {
      // the types are real, not any
      const wrong = PROGRAM.replace("port: 80 ", 'port: "80" ').replace("sizeMiB", "sizeMB");
      const { output } = await compile(compilerOptions, { "index.ts": PROGRAM, "wrong.ts": wrong });
      for (const message of [/Type 'string' is not assignable to type '.*number/, /'sizeMB' does not exist in type 'DiskArgs'/])
        assert.match(output, message);
      const errors = output.split("\n").filter((line) => /: error TS/.test(line));
      assert.deepEqual(
        errors.filter((line) => !/(^|\/)wrong\.ts\(/.test(line)),
        [],
        output,
      );
    });
  }
});

// the index of @pulumi/policy names what its declarations lack, so a policy pack skips the check of declarations
test("a policy pack of a user compiles", { timeout: 300_000 }, async () => {
  const { status, output } = await compile(
    { ...TEMPLATE, module: "nodenext", moduleResolution: "nodenext", skipLibCheck: true },
    { "index.ts": PACK },
  );
  assert.equal(status, 0, output);
});
