import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { bootTraits, typeProblem } from "../../providers/aws/boot-facts.ts";
import type { Arch } from "../../sdk/core/arch.ts";
import { INSTANCE_TYPES } from "../support/aws/instance-types.ts";

const { ensurePipProgram } = (await import(new URL("../../scripts/pip-program.mjs", import.meta.url).href)) as {
  ensurePipProgram(name: string): Promise<string>;
};

/** One answer of DescribeInstanceTypes, as moto has recorded it. */
interface Recorded {
  readonly Hypervisor?: "nitro" | "xen";
  readonly SupportedBootModes: readonly string[];
  readonly NitroTpmSupport: string;
  readonly ProcessorInfo: { readonly SupportedArchitectures: readonly string[] };
}

describe("AWS's own answers about its instance types, as moto has recorded them", async () => {
  const file = join(await ensurePipProgram("moto"), "moto/ec2/resources/instance_types.json.gz");
  const recorded = JSON.parse(gunzipSync(await readFile(file)).toString()) as Readonly<Record<string, Recorded>>;
  const facts = Object.entries(recorded).map(([name, { Hypervisor = "", SupportedBootModes, NitroTpmSupport, ProcessorInfo }]) => ({
    name,
    ...{ supportedArchitectures: ProcessorInfo.SupportedArchitectures, bootModes: SupportedBootModes },
    ...{ nitroTpmSupport: NitroTpmSupport, hypervisor: Hypervisor },
  }));
  const refused = (arch: Arch, tpm: boolean, hasXen = true) =>
    facts.filter((type) => {
      const isOf = type.supportedArchitectures.includes(arch === "amd64" ? "x86_64" : "arm64");
      return isOf && typeProblem(type.name, type, arch, bootTraits(arch, tpm), hasXen) !== undefined;
    });

  test("the stand-in's types are as AWS says", () => {
    for (const [name, wanted] of Object.entries(INSTANCE_TYPES)) {
      const { name: _, ...found } = facts.find((type) => type.name === name) ?? assert.fail(name);
      assert.deepEqual({ ...wanted }, found, name);
    }
  });

  test("an image that uses no TPM runs on every type of its architecture", () => {
    assert.ok(facts.length > 1000, `${facts.length} types`);
    assert.deepEqual([refused("amd64", false).length, refused("arm64", false).length], [0, 0]);
    // without Xen's drivers, on all but those
    assert.deepEqual([...new Set(refused("amd64", false, false).map(({ hypervisor }) => hypervisor))], ["xen"]);
  });

  test("an image that uses one is refused exactly where there is none", () => {
    for (const arch of ["amd64", "arm64"] as const) {
      const without = refused(arch, true);
      assert.ok(without.length > 50, `${without.length} types`);
      assert.ok(without.every(({ nitroTpmSupport }) => nitroTpmSupport === "unsupported"));
    }
  });
});
