import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { findPlugin, STANZA } from "../../sdk/resource/find-plugin.ts";
import { refuseMissing } from "../../sdk/resource/require-plugin.ts";
import { scratch } from "../support/judge.ts";

const BIN = "node_modules/pulumi-linuxkit/bin";

interface Row {
  readonly yaml?: string;
  /** Folders that hold the program, below the project. */
  readonly programs?: readonly string[];
  readonly path?: readonly string[];
  /** What Pulumi's home holds. */
  readonly installed?: readonly string[];
  readonly below?: string;
}

/** What the search says of a project, with its folder as FOLDER. */
async function search({ yaml, programs = [], path = [], installed = [], below = "." }: Row) {
  await using folder = await scratch();
  const at = (...names: string[]) => join(folder.path, ...names);
  if (yaml !== undefined) await writeFile(at("Pulumi.yaml"), yaml);
  for (const program of programs) {
    await mkdir(at(program), { recursive: true });
    await writeFile(at(program, "pulumi-resource-linuxkit"), "#!/bin/sh\n");
    await chmod(at(program, "pulumi-resource-linuxkit"), 0o755);
  }
  for (const name of installed) await mkdir(at("home/plugins", name), { recursive: true });
  await mkdir(at(below), { recursive: true });
  const env = { PATH: path.map((name) => at(name)).join(delimiter), PULUMI_HOME: at("home") };
  const found = findPlugin(at(below), env);
  let message = "";
  try {
    refuseMissing(found);
  } catch (error) {
    assert.ok(isLinuxKitError(error, "TOOL_MISSING"));
    message = error.message.replaceAll(folder.path, "FOLDER");
  }
  return { found: found.found?.replace(folder.path, "FOLDER"), message };
}

const NAME = "name: web\nruntime: nodejs\n";

describe("the plugin is found where the engine finds it", () => {
  for (const [name, row, found] of [
    ["in the folder of the stanza", { yaml: NAME + STANZA, programs: [BIN] }, `FOLDER/${BIN}/pulumi-resource-linuxkit`],
    [
      "from a folder of the program below",
      { yaml: NAME + STANZA, programs: [BIN], below: "src" },
      `FOLDER/${BIN}/pulumi-resource-linuxkit`,
    ],
    ["on PATH", { yaml: NAME, programs: ["bin"], path: ["none", "bin"] }, "FOLDER/bin/pulumi-resource-linuxkit"],
    [
      "among the installed plugins",
      { yaml: NAME, installed: ["resource-linuxkit-v0.1.0"] },
      "FOLDER/home/plugins/resource-linuxkit-v0.1.0",
    ],
    ["as a package of the project", { yaml: `${NAME}packages: { linuxkit: ./plugin }` }, "FOLDER/Pulumi.yaml"],
  ] as const)
    test(name, async () => assert.deepEqual(await search(row), { found, message: "" }));
});

describe("a project that leads to no plugin is refused with the lines to add", () => {
  for (const [name, row, message] of [
    ["no stanza", { yaml: NAME }, /^FOLDER\/Pulumi\.yaml: plugins\.providers names no linuxkit, so the engine cannot start /],
    ["an empty file", { yaml: "" }, /names no linuxkit/],
    [
      "a stanza for another plugin",
      { yaml: `${NAME}plugins: { providers: [{ name: aws, path: bin }] }`, programs: ["bin"] },
      /names no linuxkit/,
    ],
    ["a download that is not complete", { yaml: NAME, installed: ["resource-linuxkit-v0.1.0.partial"] }, /names no linuxkit/],
    [
      "a folder without the program",
      { yaml: NAME + STANZA },
      new RegExp(`: pulumi-resource-linuxkit is not in FOLDER/${BIN}: run \`npm install\``),
    ],
  ] as const)
    test(name, async () => {
      const { found, message: got } = await search(row);
      assert.equal(found, undefined);
      assert.match(got, message);
      // the lines that the message shows mend the project
      const [, lines = ""] = /`(plugins: .*)`$/.exec(got) ?? [];
      assert.ok(parse(lines));
      const mended = await search({ yaml: `${NAME}${lines}\n`, programs: [BIN] });
      assert.deepEqual(mended, { found: `FOLDER/${BIN}/pulumi-resource-linuxkit`, message: "" });
    });

  test("no project at all is left to the engine", async () => {
    assert.deepEqual(await search({}), { found: undefined, message: "" });
  });
});
