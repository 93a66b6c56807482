import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { checkProcessors } from "../../providers/qemu/processors.ts";
import { Image, OnbootTask, Service } from "../../sdk/index.ts";

const os = (cpus: string) => new Image({ services: [new Service("web", { image: "x", resources: { cpu: { cpus } } })] }).spec;

describe("the processors that a container is bound to", () => {
  for (const [list, cpus, highest] of [
    ["0-63", 2, 64],
    ["0,2", 2, 3],
    ["1", 1, 2],
    ["1", undefined, 2],
  ] as const) {
    test(`${list} of ${cpus} is refused`, () =>
      assert.throws(() => checkProcessors('machine "m"', cpus, os(list)), {
        code: "INVALID_DEFINITION",
        message: `machine "m": services.web.resources.cpu.cpus: got "${list}", but the machine has ${(cpus ?? 1) === 1 ? "only processor 0" : `processors 0 to ${(cpus ?? 1) - 1}`}: set cpus: ${highest} of the machine, or a shorter list`,
      }));
  }
  test("of a task are checked too", () => {
    const { spec } = new Image({ onboot: [new OnbootTask("t", { image: "x", resources: { cpu: { cpus: "4" } } })] });
    assert.throws(() => checkProcessors("m", 4, spec), /^LinuxKitError: m: onboot\.t\.resources\.cpu\.cpus: got "4"/);
  });
  test("are taken where the machine has them, or is not known", () => {
    for (const [list, cpus] of [
      ["0-63", 64],
      ["0", undefined],
      ["0-63", output(2)],
    ] as const)
      checkProcessors("m", cpus, os(list));
    checkProcessors("m", 1, undefined);
  });
});
