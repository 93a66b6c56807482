import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { candidateFor, chooseAccelerator, type HostFacts } from "../../providers/qemu/plugin/accelerator.ts";
import type { Accelerator } from "../../providers/qemu/plugin/arguments.ts";

const HOST: HostFacts = { platform: "linux", arch: "amd64", bootId: "b1", qemuVersion: "7.2.22", kvm: true };
const scratch = await mkdtemp(join(tmpdir(), "accelerator-"));
after(() => rm(scratch, { recursive: true, force: true }));

/** A probe with a fixed answer, which records its calls. */
function probe(works: boolean): { (candidate: Accelerator): Promise<boolean>; asked: Accelerator[] } {
  const asked: Accelerator[] = [];
  return Object.assign(
    async (candidate: Accelerator) => {
      asked.push(candidate);
      return works;
    },
    { asked },
  );
}

describe("the accelerator to probe", () => {
  const rows: [guest: "amd64" | "arm64" | "s390x", host: Partial<HostFacts>, candidate: Accelerator][] = [
    ["amd64", {}, "kvm"],
    ["amd64", { kvm: false }, "tcg"],
    ["arm64", {}, "tcg"],
    ["arm64", { arch: "arm64" }, "kvm"],
    ["s390x", { arch: "s390x" }, "kvm"],
    ["amd64", { arch: undefined }, "tcg"],
    ["arm64", { platform: "darwin", arch: "arm64", kvm: false }, "hvf"],
    ["amd64", { platform: "darwin", arch: "arm64", kvm: false }, "tcg"],
    ["amd64", { platform: "freebsd" }, "tcg"],
  ];
  for (const [guest, host, candidate] of rows) {
    test(`${guest} on ${JSON.stringify(host)}: ${candidate}`, () => assert.equal(candidateFor(guest, { ...HOST, ...host }), candidate));
  }
});

describe("the accelerator chosen", () => {
  for (const [works, chosen] of [
    [true, "kvm"],
    [false, "tcg"],
  ] as const) {
    test(`is ${chosen} if a kernel ${works ? "boots" : "does not boot"}, probed once`, async () => {
      const cacheDir = join(scratch, chosen);
      const asking = probe(works);
      assert.equal(await chooseAccelerator("amd64", HOST, cacheDir, asking), chosen);
      // the first result is cached, so the second probe is not called
      assert.equal(await chooseAccelerator("amd64", HOST, cacheDir, probe(!works)), chosen);
      assert.deepEqual(asking.asked, ["kvm"]);
    });
  }

  test("is probed again after a reboot of the host, and for another version of QEMU", async () => {
    const cacheDir = join(scratch, "again");
    const asking = probe(false);
    for (const host of [HOST, { ...HOST, bootId: "b2" }, { ...HOST, qemuVersion: "8.0" }, HOST])
      await chooseAccelerator("amd64", host, cacheDir, asking);
    assert.equal(asking.asked.length, 3);
  });

  test("needs no probe if the host cannot virtualise the guest", async () => {
    const asking = probe(true);
    assert.equal(await chooseAccelerator("arm64", HOST, join(scratch, "none"), asking), "tcg");
    assert.deepEqual(asking.asked, []);
  });

  test("is not cached if the probe was interrupted", async () => {
    const cacheDir = join(scratch, "cut");
    await assert.rejects(
      chooseAccelerator("amd64", HOST, cacheDir, () => Promise.reject(new Error("cut"))),
      /cut/,
    );
    assert.equal(await chooseAccelerator("amd64", HOST, cacheDir, probe(true)), "kvm");
  });
});
