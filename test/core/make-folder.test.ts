import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeFolder, makeFolderSync } from "../../sdk/core/make-folder.ts";
import { writeFileWhole } from "../../sdk/core/write-file.ts";

const folder = await mkdtemp(join(tmpdir(), "make-folder-"));
after(() => rm(folder, { recursive: true }));

for (const [name, make] of [
  ["makeFolder", makeFolder],
  ["makeFolderSync", async (path: string, mode?: number) => makeFolderSync(path, mode)],
] as const) {
  test(`${name} makes the folders above too, with the mode, and takes one that exists`, async () => {
    const path = join(folder, name, "a", "b");
    for (let time = 0; time < 2; time++) await make(path, 0o700);
    for (const made of [path, join(folder, name)]) assert.equal((await stat(made)).mode & 0o777, 0o700);
  });
  test(`${name} lets several make one folder at a time`, async () => {
    const path = join(folder, name, "c", "d", "e");
    await Promise.all(Array.from({ length: 20 }, () => make(path)));
    assert.ok((await stat(path)).isDirectory());
  });
  // Node's recursive mkdir never ends here
  for (const path of ["/proc/x", "/proc/x/y", "/sys/x/y"])
    test(`${name} ends where the filesystem makes none: ${path}`, { timeout: 10_000 }, () =>
      assert.rejects(make(path), { code: /ENOENT|EPERM|EACCES/ }),
    );
  test(`${name} refuses a file in the way`, async () => {
    await writeFile(join(folder, `${name}-file`), "");
    await assert.rejects(make(join(folder, `${name}-file`)), { code: "ENOTDIR" });
    await assert.rejects(make(join(folder, `${name}-file`, "below")), { code: "ENOTDIR" });
  });
}

for (const path of ["/proc/x/os.img", "/proc/self/x"])
  test(`a file that cannot be written is said with its path: ${path}`, { timeout: 10_000 }, () =>
    assert.rejects(writeFileWhole(path, []), { code: "UNWRITABLE", message: new RegExp(path) }),
  );
