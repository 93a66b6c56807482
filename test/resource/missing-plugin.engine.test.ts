import assert from "node:assert/strict";
import { test } from "node:test";
import { makeStack } from "../support/engine.ts";

const PROGRAM = `import { debian, Image, ImageBuild } from "pulumi-linuxkit";
new ImageBuild("os", { image: new Image({ init: [debian.init()] }) });
`;

test("a preview without the stanza names the lines to add, and not a download", { timeout: 120_000 }, async () => {
  await using stack = await makeStack({ files: { "index.js": PROGRAM } });
  await stack.write("Pulumi.yaml", "name: probe\nruntime: nodejs\n");
  const { text } = await stack.run("preview", "--non-interactive");
  assert.match(text, /error: \S+Pulumi\.yaml: plugins\.providers names no linuxkit, .*: add `plugins: \{ providers: /);
  assert.doesNotMatch(text, /github|download|\n\s+at /);
});
