import assert from "node:assert/strict";
import { chmod, lchown, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkHostFile } from "../../providers/qemu/plugin/host-file.ts";

const folder = await mkdtemp(join(tmpdir(), "host-file-"));
after(() => rm(folder, { recursive: true, force: true }));

// as root, another user's files are made by a change of owner; else this user plays the stranger
const isRoot = process.getuid?.() === 0;
const OWN = isRoot ? 0 : (process.getuid?.() ?? 0) + 1;
const STRANGER = 4321;

async function open(name: string, mode: number): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await chmod(path, mode);
  if (isRoot) await lchown(path, STRANGER, STRANGER);
  return path;
}

async function file(path: string, owner: number): Promise<string> {
  await writeFile(path, "kernel");
  if (isRoot) await lchown(path, owner, owner);
  return path;
}

const refused = (path: string) =>
  assert.rejects(checkHostFile("kernel", path, OWN), {
    code: "INVALID_DEFINITION",
    message:
      /^kernel: got .*: every user of this computer can put another file there; wanted one in a folder that only you or root can write to$/,
  });

test("a file in a folder that only its owner writes to is taken, whoever that is", async () => {
  const closed = await open("closed", 0o755);
  await checkHostFile("kernel", await file(join(closed, "kernel"), STRANGER), OWN);
  await symlink(join(closed, "kernel"), join(closed, "link"));
  await checkHostFile("kernel", join(closed, "link"), OWN);
  await checkHostFile("kernel", join(closed, "missing"), OWN);
});

test("a stranger's file or symlink in a folder of all is refused, on the way too", async () => {
  const shared = await open("shared", 0o1777);
  await refused(await file(join(shared, "kernel"), STRANGER));
  await symlink("/etc/passwd", join(shared, "link"));
  if (isRoot) await lchown(join(shared, "link"), STRANGER, STRANGER);
  await refused(join(shared, "link"));
  await mkdir(join(shared, "build"));
  if (isRoot) await lchown(join(shared, "build"), STRANGER, STRANGER);
  await refused(join(shared, "build", "kernel"));
  // by a symlink that is trusted itself
  await symlink(join(shared, "link"), join(folder, "trusted"));
  await refused(join(folder, "trusted"));
  await symlink("loop", join(folder, "loop"));
  await checkHostFile("kernel", join(folder, "loop"), OWN);
});

test("one's own file is taken there, and refused where everyone may replace it", { skip: !isRoot }, async () => {
  const shared = await open("own-shared", 0o1777);
  await checkHostFile("kernel", await file(join(shared, "kernel"), 0), OWN);
  const loose = await open("loose", 0o777);
  await refused(await file(join(loose, "kernel"), 0));
});
