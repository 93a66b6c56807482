import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { COMMANDS } from "../../sdk/cli/commands.ts";
import { readDocuments } from "../support/document.ts";
import { judge, scratch } from "../support/judge.ts";
import { runTool } from "../support/run-tool.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What a piece of a program may use without saying where it comes from. */
const SURROUNDINGS = `
import type { Config } from "@pulumi/pulumi";
import type * as lib from "pulumi-linuxkit";
import type * as awsEntry from "pulumi-linuxkit/aws";
import type * as azureEntry from "pulumi-linuxkit/azure";
import type * as gcpEntry from "pulumi-linuxkit/gcp";
import type * as qemuEntry from "pulumi-linuxkit/qemu";
declare global {
  const debian: typeof lib.debian, build: typeof lib.build, harden: typeof lib.harden;
  const Image: typeof lib.Image, ImageBuild: typeof lib.ImageBuild, Service: typeof lib.Service, File: typeof lib.File;
  const OnbootTask: typeof lib.OnbootTask, Volume: typeof lib.Volume;
  const aws: typeof awsEntry, azure: typeof azureEntry, gcp: typeof gcpEntry;
  const Disk: typeof qemuEntry.Disk, Machine: typeof qemuEntry.Machine, Fleet: typeof qemuEntry.Fleet;
  const os: lib.Image, base: lib.Image, config: Config;
  const image: string, text: string, repository: string, publicKey: string, verify: Record<string, string>;
  const key: string, certificate: string, passphrase: string, kms: { sign(digest: Uint8Array): Promise<Uint8Array> };
  const subnetIds: string[], targetGroupArns: string[], iamInstanceProfile: string, instanceType: string;
  const subnetId: string, resourceGroupName: string;
}
`;

describe("the documents", { timeout: 300_000 }, async () => {
  const documents = await readDocuments(ROOT);
  const byPath = new Map(documents.map((document) => [document.path, document]));

  test("link to files and headings that exist", () => {
    const broken = documents.flatMap(({ path, links }) =>
      links
        .filter((link) => !existsSync(join(ROOT, link.path)) || (link.anchor && !byPath.get(link.path)?.anchors.has(link.anchor)))
        .map((link) => `${path}:${link.line} ${link.path}#${link.anchor}`),
    );
    assert.deepEqual(broken, []);
  });

  test("have a row in the index of docs", () => {
    const indexed = new Set(byPath.get("docs/README.md")?.links.map(({ path }) => path));
    const missing = documents.map(({ path }) => path).filter((path) => path.startsWith("docs/") && !path.endsWith("/README.md"));
    assert.deepEqual(
      missing.filter((path) => !indexed.has(path)),
      [],
    );
  });

  test("hold programs that compile", async () => {
    await using project = await scratch();
    await mkdir(join(project.path, "node_modules"));
    for (const name of ["@pulumi", "@types"]) await symlink(join(ROOT, "node_modules", name), join(project.path, "node_modules", name));
    await symlink(ROOT, join(project.path, "node_modules/pulumi-linuxkit"));
    await writeFile(join(project.path, "package.json"), '{ "type": "module" }');
    await writeFile(join(project.path, "surroundings.d.ts"), SURROUNDINGS);
    // programs of two files import the other one by this name
    await writeFile(join(project.path, "os.ts"), 'import { Image } from "pulumi-linuxkit";\nexport const os = new Image({});\n');
    const files = ["surroundings.d.ts"];
    for (const { path, blocks } of documents) {
      for (const { language, line, text } of blocks) {
        if (language !== "ts") continue;
        const name = `${path.replaceAll(/[/.]/g, "-")}-line-${line}.ts`;
        // an empty export makes a module of a piece that imports nothing
        await writeFile(join(project.path, name), `${text}\nexport {};\n`);
        files.push(name);
      }
    }
    assert.ok(files.length > 30, `${files.length} programs`);
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, noEmit: true, allowImportingTsExtensions: true },
      ...{ target: "es2024", module: "nodenext", moduleResolution: "nodenext", types: ["node"] },
    };
    await writeFile(join(project.path, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const { status, output } = await runTool(join(ROOT, "node_modules/.bin/tsc"), "-p", project.path);
    assert.equal(status, 0, output);
  });

  /** The blocks of a language, each with where it is. */
  const blocksIn = (...languages: string[]) =>
    documents.flatMap(({ path, blocks }) =>
      blocks.filter(({ language }) => languages.includes(language)).map(({ line, text }) => ({ at: `${path}:${line}`, text })),
    );

  test("hold scripts and data that parse", async () => {
    await using folder = await scratch();
    const checks: Readonly<Record<string, readonly string[]>> = {
      sh: ["bash", "-n"],
      py: ["python3", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())"],
      js: [process.execPath, "--check"],
    };
    for (const [language, [program = "", ...args]] of Object.entries(checks)) {
      for (const [index, { at, text }] of blocksIn(language).entries()) {
        const file = join(folder.path, `${index}.${language === "js" ? "mjs" : language}`);
        await writeFile(file, `${text}\n`);
        assert.doesNotThrow(() => judge(program, ...args, file), at);
      }
    }
    for (const { at, text } of blocksIn("json")) assert.doesNotThrow(() => JSON.parse(text), at);
    for (const { at, text } of blocksIn("yaml")) assert.doesNotThrow(() => parse(text), at);
  });

  test("hold commands and options that exist", async () => {
    const scripts = [
      ...blocksIn("sh"),
      // what the steps of a pipeline run
      ...blocksIn("yaml").flatMap(({ at, text }) => stepsIn(parse(text)).map((step) => ({ at, text: step }))),
    ];
    const wrong: string[] = [];
    let count = 0;
    for (const { at, text } of scripts) {
      for (const [, name = "", rest = ""] of text.matchAll(/npx pulumi-linuxkit (\S+)(.*)/g)) {
        count++;
        const command = COMMANDS[name];
        if (!command && !["help", "--version"].includes(name)) wrong.push(`${at}: ${name}`);
        if (!command) continue;
        const help = `${(await command.load()).help} --help --json`;
        // behind the machine, `exec` has another command's options
        const own = name === "exec" ? (/^(?: --?\S+)*/.exec(rest) ?? [""])[0] : rest.replace(/#.*/, "");
        for (const [, option = ""] of own.matchAll(/ (--?[a-z][a-z-]*)/g) ?? [])
          if (!new RegExp(`(^|[ ,])${option}\\b`, "m").test(help) && option !== "-it") wrong.push(`${at}: ${name} ${option}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(count > 40, `${count} commands`);
  });
});

/** The commands of a pipeline's steps, by the names that forges give them. */
function stepsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(stepsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    ["run", "script", "before_script"].includes(name) ? [inner].flat().filter((step) => typeof step === "string") : stepsIn(inner),
  );
}
