import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { optionalModule } from "../../sdk/core/optional-module.ts";
import { missingPackage, OPTIONAL_PACKAGES } from "../../sdk/core/missing-package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("every optional package has a line that installs it", async () => {
  const { peerDependenciesMeta } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { peerDependenciesMeta: object };
  assert.deepEqual(OPTIONAL_PACKAGES.flat().sort(), Object.keys(peerDependenciesMeta).sort());
});

test("another missing module is no missing package", async () => {
  for (const name of ["./nowhere.ts", "nobody-has-this-package"]) {
    const error = await import(name).catch((error: unknown) => error);
    assert.equal(missingPackage(error), undefined);
  }
  assert.equal(missingPackage(undefined), undefined);
  assert.equal(missingPackage(new Error("Cannot find package 'google-auth-library'")), undefined);
});

/** Runs in a copy of the sources beside Pulumi and the library's own dependencies alone, as for a user of QEMU. */
const PROGRAM = `
import { provider } from "./providers/plugin/provider.ts";
import { packageSchema } from "./sdk/plugin/package-schema.ts";
import { failureStatus } from "./sdk/plugin/failure.ts";
import { loadProtos } from "./sdk/plugin/protos.ts";
const schema = JSON.parse(await packageSchema(provider));
const said = {};
const inputs = {
  AwsSnapshot: { region: "x", blocks: "", file: "f", digest: "d", tags: {} },
  GcpUpload: { file: "f", digest: "d", bucket: "b", prefix: "", project: "1" },
  AzureUpload: { file: "f", digest: "d", blocks: "", tags: {}, subscriptionId: "s", resourceGroupName: "g" },
  RolloutGate: { kind: "aws", fleet: "f", group: "g", launchTemplateId: "l", launchTemplateVersion: "1", region: "x" },
};
for (const [name, given] of Object.entries(inputs)) {
  const type = await provider.types["linuxkit:index:" + name]();
  const work = { urn: "urn:pulumi:a::b::linuxkit:index:" + name + "::c", name: "c", signal: AbortSignal.timeout(20_000), timeoutSeconds: 20, progress() {}, config: {} };
  const error = await Promise.resolve(type.read?.({ ...work, id: "snap-1", inputs: given, outputs: { ...given, snapshotId: "snap-1" } })).then(() => type.create({ ...work, inputs: given })).then(() => "none", (error) => error);
  said[name] = failureStatus(loadProtos(), error, (text) => text).details;
}
console.log(JSON.stringify({ resources: Object.keys(schema.resources).length, said }));
`;

test("a module of a package that is not installed is refused with the line to type, and one that is there is loaded", () => {
  assert.equal(typeof optionalModule<typeof import("yaml")>("yaml").parse, "function");
  assert.throws(() => optionalModule("@pulumi/aws/nowhere.js"), {
    code: "TOOL_MISSING",
    message: /^@pulumi\/aws is not installed .*: run `npm install @pulumi\/aws @aws-sdk/,
  });
  assert.throws(() => optionalModule("nobody-has-this-package"), { code: "MODULE_NOT_FOUND" });
});

/** What a program may import, and what it must install for it. */
const ENTRIES = {
  "providers/aws/index.ts": "@pulumi/aws @aws-sdk/client-auto-scaling",
  "providers/gcp/index.ts": "@pulumi/gcp google-auth-library",
  "providers/azure/index.ts": "@pulumi/azure-native @azure/identity",
  "sdk/policy-pack/index.ts": "@pulumi/policy",
};

test("without a cloud's packages the provider's schema is whole, and an operation and a program say what to install", {
  timeout: 120_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), "linuxkit-packages-"));
  try {
    for (const folder of ["sdk", "providers"]) await cp(join(ROOT, folder), join(home, folder), { recursive: true });
    await cp(join(ROOT, "package.json"), join(home, "package.json"));
    await writeFile(join(home, "main.ts"), PROGRAM);
    const modules = join(home, "node_modules");
    await mkdir(join(modules, "@pulumi"), { recursive: true });
    for (const name of ["@pulumi/pulumi", "openpgp", "xz-decompress", "yaml", "zod"])
      await symlink(join(ROOT, "node_modules", name), join(modules, name));
    const { stdout } = await promisify(execFile)(process.execPath, [join(home, "main.ts")], { cwd: home });
    const { resources, said } = JSON.parse(stdout) as { resources: number; said: Record<string, string> };
    for (const [entry, line] of Object.entries(ENTRIES)) {
      await writeFile(join(home, "entry.ts"), `import "./${entry}";\n`);
      const run = promisify(execFile)(process.execPath, [join(home, "entry.ts")], { cwd: home });
      const { stderr } = await run.then(
        () => assert.fail(entry),
        (error) => error as { stderr: string },
      );
      assert.match(stderr, /code: 'TOOL_MISSING'/, stderr);
      assert.ok(stderr.includes(`is not installed beside pulumi-linuxkit: run \`npm install ${line}`), stderr);
    }
    assert.equal(resources, 13);
    assert.match(
      said.AwsSnapshot as string,
      /^@aws-sdk\/client-\w+ is not installed beside pulumi-linuxkit: run `npm install @pulumi\/aws @aws-sdk\//,
    );
    assert.match(said.RolloutGate as string, /^@aws-sdk\/client-[\w-]+ is not installed .*: run `npm install @pulumi\/aws @aws-sdk\//);
    assert.match(said.GcpUpload as string, /^google-auth-library is not installed .*: run `npm install @pulumi\/gcp google-auth-library`/);
    assert.match(
      said.AzureUpload as string,
      /^@azure\/identity is not installed .*: run `npm install @pulumi\/azure-native @azure\/identity`/,
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
