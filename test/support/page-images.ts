import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SIGNATURE } from "../../sdk/core/special-value.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { documentSteps } from "./document-steps.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// runs programs in turn, each as the engine does in a preview, and prints the definition of every image that it registers; a piece of a
// program has the surroundings that `test/package/documents.test.ts` declares
const RUN = `
import * as pulumi from "@pulumi/pulumi";
import * as lib from "pulumi-linuxkit";
import * as qemu from "pulumi-linuxkit/qemu";
pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs }) => {
    if (type === "linuxkit:index:ImageBuild") console.log(JSON.stringify(inputs.image));
    return { id: name, state: {} };
  },
  call: ({ inputs }) => inputs,
}, "page", "test", true);
pulumi.runtime.setAllConfig(JSON.parse(process.argv[1]));
const base = new lib.Image({ init: [lib.debian.init()] });
const image = lib.debian.packages({ packages: ["busybox-static"], command: ["busybox", "sleep", "100000"] });
Object.assign(globalThis, lib, qemu, { base, image, config: new pulumi.Config() });
for (const program of process.argv.slice(2)) {
  for (const value of Object.values(await import(program))) {
    if (value instanceof lib.Image) new lib.ImageBuild("exported", { image: value });
    if (value instanceof lib.Service) new lib.ImageBuild("exported", { image: base.with({ services: [value] }) });
  }
  await pulumi.runtime.waitForRPCs();
}
`;

/** Makes a folder a project that finds this package. */
export async function makeProject(folder: string): Promise<void> {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  for (const name of ["@pulumi", "@types"]) await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  await symlink(ROOT, join(folder, "node_modules", "pulumi-linuxkit"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
}

/**
 * The operating systems of a page: those that its program, or each of its pieces of one, passes to a machine or names.
 *
 * @param project a folder of {@link makeProject}, into which the page's files are written
 */
export async function pageImages(page: string, project: string, config: Readonly<Record<string, string>> = {}): Promise<Definition[]> {
  const steps = documentSteps(page);
  for (const step of steps) {
    if (step.kind !== "write") continue;
    await mkdir(dirname(join(project, step.name)), { recursive: true });
    await writeFile(join(project, step.name), step.text);
  }
  const isWhole = steps.some((step) => step.kind === "write" && step.name === "index.ts");
  const programs = isWhole ? ["index.ts"] : [];
  for (const [index, step] of steps.entries()) {
    if (isWhole || step.kind !== "piece") continue;
    const names = [...step.text.matchAll(/^const (\w+) = /gm)].map(([, name]) => name);
    await writeFile(join(project, `piece${index}.ts`), `${step.text}\nexport { ${names.join()} };\n`);
    programs.push(`piece${index}.ts`);
  }
  const paths = programs.map((program) => join(project, program));
  const args = ["--input-type=module", "--eval", RUN, JSON.stringify(config), ...paths];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project, timeout: 120_000, maxBuffer: 64 << 20 });
  const images = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line, plain) as Definition] : []));
  const distinct = new Map(images.map((image) => [JSON.stringify(image), image]));
  return [...distinct.values()];
}

/** A value without the mark that it is a secret. */
function plain(_: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && SIGNATURE in value && "value" in value ? value.value : value;
}
