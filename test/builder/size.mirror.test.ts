import assert from "node:assert/strict";
import { test } from "node:test";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { scratch } from "../support/judge.ts";
import { webDefinition } from "../support/web-example.ts";

/** Bytes of kernel and initrd together, without the web server's segment. */
const LIMIT = 20_000_000;

test("the operating system of examples/web, without nginx, is at most 20 MB", { timeout: 600_000 }, async () => {
  await using folder = await scratch();
  const { files, segments } = await buildDefinition(await webDefinition(), { format: "kernel+initrd", outputDir: folder.path });
  const sizeOf = (role: string): number => files.find((file) => file.role === role)?.size ?? Number.NaN;
  const nginx = segments.find(({ name }) => name === "services.web")?.size ?? Number.NaN;
  const size = sizeOf("kernel") + sizeOf("initrd") - nginx;
  assert.ok(
    size <= LIMIT,
    `kernel ${sizeOf("kernel")}, ${segments.map((segment) => `${segment.name} ${segment.size}`).join(", ")}: ${size} bytes without nginx, wanted at most ${LIMIT}`,
  );
});
