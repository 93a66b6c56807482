import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const home = await mkdtemp(join(tmpdir(), "linuxkit-scripts-"));
after(() => rm(home, { recursive: true, force: true }));
const SCRIPTS = fileURLToPath(new URL("../../scripts/", import.meta.url));

/** Runs a script with nothing on PATH but the given folders. */
function script(name: string, args: readonly string[], path: readonly string[], cache: string) {
  // the scripts must run before any package is there, and so without the package's own Node
  const env = { PATH: path.join(delimiter), HOME: home, PULUMI_LINUXKIT_CACHE: cache };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [join(SCRIPTS, name), ...args], { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, stdout: stdout.trim(), stderr }),
    );
  });
}

async function folderWith(name: string, ...programs: string[]): Promise<string> {
  const folder = join(home, name);
  await mkdir(folder, { recursive: true });
  for (const program of programs) {
    await writeFile(join(folder, program), "#!/bin/sh\n");
    await chmod(join(folder, program), 0o755);
  }
  return folder;
}

describe("scripts/engine.mjs", () => {
  const HOST = "pulumi-language-nodejs";

  test("takes what is on PATH, in one folder or in two", async () => {
    const one = await folderWith("one", "pulumi", HOST);
    assert.deepEqual(await script("engine.mjs", [], [one], home), { code: 0, stdout: one, stderr: "" });
    const [cli, host] = [await folderWith("cli", "pulumi"), await folderWith("host", HOST)];
    assert.equal((await script("engine.mjs", [], [host, cli], home)).stdout, [cli, host].join(delimiter));
  });

  test("takes its own of the last time, also where the one on PATH is not whole", async () => {
    const cache = join(home, "cache");
    const own = await folderWith("cache/engine/3.259.0/bin", "pulumi", HOST);
    assert.equal((await script("engine.mjs", [], [dirname(process.execPath)], cache)).stdout, own);
    const { stdout, stderr } = await script("engine.mjs", [], [await folderWith("half", "pulumi")], cache);
    assert.equal(stdout, own);
    assert.match(stderr, /half\/pulumi is not used: pulumi-language-nodejs is neither beside it nor on PATH/);
    assert.deepEqual(await readdir(join(cache, "engine")), ["3.259.0"]);
  });
});

describe("scripts/setup.mjs", () => {
  test("refuses an argument that it does not know, and does nothing", async () => {
    const { code, stderr } = await script("setup.mjs", ["--quemu"], [], home);
    assert.equal(code, 2);
    assert.match(stderr, /--quemu: wanted --engine, --qemu, --bench, --judges/);
  });
});
