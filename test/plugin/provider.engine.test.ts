import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { makePluginFolder, makeStack } from "../support/engine.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

test("our own plugin says its version and its schema, and checks what it is given", async () => {
  const program = (type: string, inputs: string) => `import * as pulumi from "@pulumi/pulumi";
new pulumi.CustomResource("linuxkit:index:${type}", "x", ${inputs});
`;
  const flying = program("ImageBuild", `{ image: { services: { web: { image: "nginx", capabilities: ["CAP_FLY"] } } } }`);
  await using stack = await makeStack({ files: { "index.js": flying }, plugin: "../bin" });
  const folder = await makePluginFolder(`${stack.home}/bin`, new URL("../../providers/plugin/main.ts", import.meta.url));

  const { stdout } = await stack.must("package", "get-schema", `${folder}/pulumi-resource-linuxkit`);
  await writeFile(`${stack.home}/schema.json`, stdout);
  await stack.must("schema", "check", `${stack.home}/schema.json`);
  const schema = JSON.parse(stdout) as {
    version: string;
    resources: Record<string, { inputProperties?: Record<string, unknown> }>;
  };
  assert.equal(schema.version, version);
  for (const name of ["image", "artifact"]) assert.ok(schema.resources["linuxkit:index:ImageBuild"]?.inputProperties?.[name], name);
  assert.ok(schema.resources["linuxkit:index:QemuVm"]);

  const { status, text } = await stack.run("preview");
  assert.notEqual(status, 0);
  assert.match(text, /image\.services\.web\.capabilities\[0\].*"CAP_FLY"/s);
  assert.doesNotMatch(text, /warning/);
  await stack.write("index.js", program("QemuVm", `{ memoryMiB: "lots" }`));
  assert.match((await stack.run("preview")).text, /memoryMiB.*got "lots"/s);
});
