import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
// @ts-expect-error a script without types, which runs before any package is installed
import { buildGuestProgram } from "../../scripts/guest-program.mjs";
import { digestOf } from "../../sdk/core/digest.ts";
import { guestProgram, guestProgramPath } from "../../sdk/guest/program.ts";
import { judge, scratch } from "../support/judge.ts";

const SOURCES = fileURLToPath(new URL("../../sdk/guest/linuxkitd", import.meta.url));
const run = promisify(execFile);
const build = buildGuestProgram as (folder: string, options: { sources?: string; arches?: readonly string[] }) => Promise<void>;

describe("the guest's program", { timeout: 900_000 }, () => {
  test("is the same, byte for byte, wherever its sources lie", async () => {
    await using folder = await scratch();
    const [moved, out] = [join(folder.path, "elsewhere"), join(folder.path, "out")];
    await cp(SOURCES, moved, { recursive: true });
    await build(out, { sources: moved, arches: ["amd64"] });
    const made = await readFile(join(out, "linuxkitd-amd64"));
    assert.equal(digestOf(made), guestProgram("amd64").digest);
    assert.deepEqual(made, await readFile(guestProgramPath(guestProgram("amd64").digest)));
  });

  for (const arch of ["amd64", "arm64", "s390x"] as const) {
    test(`for ${arch} is static and of bounded size`, async () => {
      const { digest, size } = guestProgram(arch);
      assert.doesNotMatch(judge("readelf", "-lW", guestProgramPath(digest)), /INTERP|DYNAMIC/);
      assert.ok(size < MOST_BYTES, `${size}`);
    });
  }

  test("passes its own tests, with the race detector, and go vet", async () => {
    for (const args of [
      ["vet", "./..."],
      ["test", "-race", "./..."],
    ]) {
      await run("go", args, { cwd: SOURCES, env: { ...process.env, GOFLAGS: "", GOWORK: "off" }, timeout: 600_000 });
    }
  });
});

/** What the program may take of an image and of a machine's memory. */
const MOST_BYTES = 8 << 20;
