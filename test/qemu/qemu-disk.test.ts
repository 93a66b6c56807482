import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { diskInputs, qemuDisk } from "../../providers/qemu/plugin/disk.ts";
import { inputDiff } from "../../sdk/plugin/input-diff.ts";
import { UNKNOWN, type Properties } from "../../sdk/plugin/value.ts";

const scratch = await mkdtemp(join(tmpdir(), "qemu-disk-"));
after(() => rm(scratch, { recursive: true, force: true }));
const subject = { urn: "urn:pulumi:dev::shop::linuxkit:index:QemuDisk::data", name: "data" };
const work = { ...subject, signal: new AbortController().signal, timeoutSeconds: 60, progress: () => {}, config: {} };
const MEBIBYTE = 2 ** 20;

describe("a disk", () => {
  test("is created, read, grown without losing bytes, and deleted", async () => {
    const stateDir = join(scratch, "life");
    const type = qemuDisk({ stateDir, cacheDir: scratch });
    const inputs = { sizeMiB: 64, serial: "data" };
    const { id, outputs } = await type.create({ ...work, inputs });
    assert.equal((await stat(outputs.path)).mode & 0o777, 0o600);
    assert.equal((await stat(outputs.path)).size, 64 * MEBIBYTE);
    assert.ok((await stat(outputs.path)).blocks * 512 < MEBIBYTE, "the file is sparse");
    await writeFile(outputs.path, "kept", { flag: "r+" });

    const updated = await type.update?.({ ...work, id, inputs: { ...inputs, sizeMiB: 96 }, oldInputs: inputs, oldOutputs: outputs });
    assert.equal(updated?.outputs.sizeMiB, 96);
    assert.equal((await stat(outputs.path)).size, 96 * MEBIBYTE);
    assert.equal((await readFile(outputs.path)).toString("latin1", 0, 4), "kept");
    await assert.rejects(async () => type.update?.({ ...work, id, inputs, oldInputs: inputs, oldOutputs: outputs }), {
      code: "UNSUPPORTED",
      message: /got 64, but the disk has 96/,
    });

    assert.deepEqual(await type.read?.({ ...work, id }), {
      id,
      inputs: { sizeMiB: 96, serial: id.slice(0, 20) },
      outputs: { sizeMiB: 96, serial: id.slice(0, 20), path: outputs.path, format: "raw" },
    });
    await type.delete?.({ ...work, id, inputs, outputs });
    assert.equal(await type.read?.({ ...work, id }), undefined);
    await type.delete?.({ ...work, id, inputs, outputs });
    await assert.rejects(readdir(stateDir), { code: "ENOENT" });
  });

  test("cannot be created in a folder that is not writable", async () => {
    const file = join(scratch, "file");
    await writeFile(file, "");
    await assert.rejects(qemuDisk({ stateDir: file, cacheDir: scratch }).create({ ...work, inputs: { sizeMiB: 1, serial: "d" } }), {
      code: "UNWRITABLE",
    });
  });

  const type = qemuDisk({ stateDir: scratch, cacheDir: scratch });
  const good: [given: Properties, old: Properties | undefined, want: Properties][] = [
    [{ sizeMiB: 64 }, undefined, { sizeMiB: 64, serial: "data" }],
    [{ sizeMiB: UNKNOWN, serial: UNKNOWN }, { sizeMiB: 64 }, { sizeMiB: UNKNOWN, serial: UNKNOWN }],
    [{ sizeMiB: 65, serial: "x" }, { sizeMiB: 64 }, { sizeMiB: 65, serial: "x" }],
  ];
  for (const [inputs, oldInputs, want] of good) {
    test(`accepts ${Object.values(want).map(String)}`, async () => {
      assert.deepEqual(await type.check?.({ ...subject, inputs, ...(oldInputs && { oldInputs }), isSecret: () => false }), {
        inputs: want,
        failures: [],
      });
    });
  }
  const bad: [given: Properties, old: Properties | undefined, path: string, message: RegExp][] = [
    [{}, undefined, "sizeMiB", /missing, wanted a whole number of MiB/],
    [{ sizeMiB: 0 }, undefined, "sizeMiB", /got 0/],
    [{ sizeMiB: 63 }, { sizeMiB: 64 }, "sizeMiB", /got 63, but the disk has 64: a disk can grow, never shrink/],
    [{ sizeMiB: 1, serial: "a b" }, undefined, "serial", /got "a b"/],
    [{ sizeMiB: 1, label: "x" }, undefined, "label", /unknown property, wanted one of sizeMiB, serial/],
  ];
  for (const [inputs, oldInputs, path, message] of bad) {
    test(`refuses ${JSON.stringify(inputs)}`, async () => {
      const checked = await type.check?.({ ...subject, inputs, ...(oldInputs && { oldInputs }), isSecret: () => false });
      assert.deepEqual(
        checked?.failures?.map((failure) => failure.path),
        [path],
      );
      assert.match(checked?.failures?.[0]?.message ?? "", message);
    });
  }

  test("keeps its serial, and so its bytes, under another name", async () => {
    const asked = { urn: "urn:disk", inputs: { sizeMiB: 64 }, isSecret: () => false };
    const old = await type.check?.({ ...asked, name: "data" });
    assert.equal(old?.inputs.serial, "data");
    const now = await type.check?.({ ...asked, name: "store", ...(old && { oldInputs: old.inputs }) });
    assert.equal(now?.inputs.serial, "data");
    assert.equal((await type.check?.({ ...asked, name: "store" }))?.inputs.serial, "store");
  });

  test("grows in place, and a changed serial replaces it", () => {
    const changed = inputDiff(diskInputs, { sizeMiB: 64, serial: "data" }, { sizeMiB: 65, serial: "other" });
    assert.deepEqual(Object.fromEntries(changed), { sizeMiB: "update", serial: "replace" });
  });
});
