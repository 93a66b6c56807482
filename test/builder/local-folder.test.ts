import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ignoredPaths } from "../../sdk/builder/ignored-paths.ts";
import { build, File, Image } from "../../sdk/index.ts";
import { scratch } from "../support/judge.ts";

describe("a .dockerignore", () => {
  const rows: readonly [pattern: string, ignored: readonly string[], kept: readonly string[]][] = [
    ["node_modules", ["node_modules", "node_modules/a/b.js"], ["sub/node_modules", "node_modules2"]],
    ["**/node_modules", ["node_modules", "a/b/node_modules/c"], ["a/node_modules2"]],
    ["*.md", ["README.md"], ["docs/README.md", "README.mdx", "READMEmd"]],
    ["docs/*.md", ["docs/a.md"], ["docs/sub/a.md"]],
    ["docs/**", ["docs/a", "docs/a/b"], ["docs", "other"]],
    ["/tmp/", ["tmp", "tmp/x"], ["a/tmp"]],
    ["a?c", ["abc"], ["ac", "a/c"]],
    ["*\n!keep.txt", ["a", "b/c"], ["keep.txt"]],
    ["# no\n\n  spaced  ", ["spaced"], ["# no"]],
    ["a+(b)", ["a+(b)"], ["aab"]],
  ];
  for (const [pattern, ignored, kept] of rows) {
    test(JSON.stringify(pattern), () => {
      const ignores = ignoredPaths(pattern);
      assert.deepEqual(
        ignored.filter((path) => !ignores(path)),
        [],
      );
      assert.deepEqual(kept.filter(ignores), []);
    });
  }
});

describe("a folder as the source of a file", () => {
  const make = async (folder: string): Promise<void> => {
    const app = join(folder, "app");
    await mkdir(join(app, "lib"), { recursive: true });
    await mkdir(join(app, "node_modules/x"), { recursive: true });
    await writeFile(join(app, "server.js"), "console.log(1);\n");
    await writeFile(join(app, "run.sh"), "#!/bin/sh\n");
    await chmod(join(app, "run.sh"), 0o700);
    await writeFile(join(app, "lib/data.bin"), Buffer.from([0, 255, 1, 254]));
    await writeFile(join(app, "lib/large.txt"), "x".repeat(100_000));
    await symlink("../server.js", join(app, "lib/main.js"));
    await writeFile(join(app, "node_modules/x/index.js"), "");
    await writeFile(join(app, ".dockerignore"), "node_modules\n");
  };
  const os = (args: object = {}) => new Image({ files: [new File("/opt/app", { source: "app", ...args } as never)] });
  const options = (folder: string) =>
    ({ format: "tar", outputDir: join(folder, "out"), folder, sbom: false, cacheDir: join(folder, "cache") }) as const;

  test("lies in the OS with its modes, links and binary files, without what is ignored; twice the same bytes", async () => {
    await using place = await scratch();
    await make(place.path);
    const first = await build(os({ uid: 7 }), options(place.path));
    const { stdout } = spawnSync("tar", ["--numeric-owner", "-tvf", first.files[0]?.path ?? ""], { encoding: "utf8" });
    const lines = stdout
      .split("\n")
      .flatMap((line) => /^(\S+) (\d+)\/\d+ +(\d+) \S+ \S+ (?:\.\/)?(opt\/.*)$/.exec(line)?.slice(1).join(" ") ?? []);
    assert.deepEqual(lines.sort(), [
      "-rw-r--r-- 7 100000 opt/app/lib/large.txt",
      "-rw-r--r-- 7 16 opt/app/server.js",
      "-rw-r--r-- 7 4 opt/app/lib/data.bin",
      "-rwxr-xr-x 7 10 opt/app/run.sh",
      "drwxr-xr-x 0 0 opt/",
      "drwxr-xr-x 7 0 opt/app/",
      "drwxr-xr-x 7 0 opt/app/lib/",
      "lrw------- 7 0 opt/app/lib/main.js -> ../server.js",
    ]);
    await chmod(join(place.path, "app/server.js"), 0o600);
    const again = await build(os({ uid: 7 }), options(place.path));
    assert.equal(again.digest, first.digest);
  });

  test("is refused with a mode of its own, with a pipe in it, and with too much", async () => {
    await using place = await scratch();
    await make(place.path);
    await assert.rejects(build(os({ mode: "0644" }), options(place.path)), {
      code: "INVALID_DEFINITION",
      message: /^files \/opt\/app: mode: got "0644" for the folder .*\/app, whose files keep their own: leave it out$/,
    });
    assert.equal(spawnSync("mkfifo", [join(place.path, "app/pipe")]).status, 0);
    await assert.rejects(build(os(), options(place.path)), {
      code: "UNSUPPORTED",
      message: /app\/pipe is a socket, pipe or device, wanted files, folders and links: leave it out by .*\.dockerignore$/,
    });
    await writeFile(join(place.path, "app/.dockerignore"), "node_modules\npipe\n");
    await mkdir(join(place.path, "app/many"));
    for (let index = 0; index < 10_001; index++) await writeFile(join(place.path, `app/many/${index}`), "");
    await assert.rejects(build(os(), options(place.path)), { code: "TOO_LARGE", message: /has more than 10000 files: leave some out by/ });
    await assert.rejects(build(new Image({ files: [new File("/x", { source: "none" })] }), options(place.path)), {
      code: "NOT_FOUND",
      message: /wanted a file or folder: not found at/,
    });
  });
});
