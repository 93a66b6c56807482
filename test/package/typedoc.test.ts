import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { scratch } from "../support/judge.ts";
import { runTool } from "../support/run-tool.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("the API reference builds without a warning: every link resolves, and every named type is documented", async () => {
  await using folder = await scratch();
  const { status, output } = await runTool(
    join(ROOT, "node_modules/.bin/typedoc"),
    "--options",
    join(ROOT, "typedoc.json"),
    "--out",
    folder.path,
  );
  assert.equal(status, 0, output);
  for (const page of ["classes/sdk.ImageBuild.html", "classes/providers_qemu.Machine.html"]) await access(join(folder.path, page));
});
