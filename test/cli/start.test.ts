import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "sdk/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "cli-start-"));
after(() => rmSync(folder, { recursive: true }));

/** Lists, on standard error, each module that a program loads besides Node's own. */
const WATCH = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from "node:module";
   registerHooks({ load(url, context, next) { if (url.startsWith("file:")) console.error("loaded " + url); return next(url, context); } });`,
)}`;

/** The files that the command loads: ours, and those of packages. */
function loaded(...args: string[]): { readonly own: string[]; readonly packages: string[] } {
  const { stderr, status } = spawnSync(process.execPath, ["--import", WATCH, MAIN, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  const files = [...stderr.matchAll(/^loaded (file:\S+)$/gm)].map(([, url = ""]) => fileURLToPath(url));
  return {
    own: files.filter((file) => !file.includes("/node_modules/")),
    packages: [...new Set(files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))].sort(),
  };
}

describe("the command loads only what it uses", () => {
  test("the overview: at most 8 files, and no package", () => {
    const { own, packages } = loaded("--help");
    assert.ok(own.length >= 1 && own.length <= 8, `${own.length}: ${own.join(" ")}`);
    assert.deepEqual(packages, []);
  });

  test("cache and logs: no package", () => {
    for (const name of ["cache", "logs"]) assert.deepEqual(loaded(name, "--help").packages, [], name);
  });

  test("LinuxKit YAML: neither Pulumi nor what checks Debian's signatures", () => {
    writeFileSync(join(folder, "os.yml"), "init: []\n");
    const { packages } = loaded("build", "os.yml", "--out", join(folder, "out"), "--format", "tar");
    assert.deepEqual(packages, ["yaml", "zod"]);
  });
});

describe("compiled code is kept", () => {
  const keep = (cacheDir: string): string[] => {
    const script = `import { keepCompiledCode } from ${JSON.stringify(pathToFileURL(join(ROOT, "sdk/core/compile-cache.ts")).href)};
      keepCompiledCode(${JSON.stringify(cacheDir)}); await import(${JSON.stringify(pathToFileURL(join(ROOT, "bin/start.mjs")).href)});`;
    const env = { ...process.env, NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: undefined };
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env });
    assert.equal(status, 0, stderr);
    return readdirSync(cacheDir, { recursive: true, encoding: "utf8" }).filter((name) => name.startsWith("compiled/"));
  };

  test("in the cache's folder", () => {
    const cacheDir = join(folder, "own");
    assert.ok(keep(cacheDir).length > 0);
  });

  test("not where others may write: they could put their code in its place", () => {
    for (const open of ["", "compiled"]) {
      const cacheDir = join(folder, `open${open}`);
      mkdirSync(join(cacheDir, "compiled"), { recursive: true });
      chmodSync(join(cacheDir, open), 0o777);
      assert.deepEqual(keep(cacheDir), [], open);
    }
  });

  test("not where the folder cannot be made, which is no error", () => {
    const cacheDir = join(folder, "blocked");
    mkdirSync(cacheDir);
    writeFileSync(join(cacheDir, "compiled"), "");
    assert.deepEqual(keep(cacheDir), []);
  });
});
