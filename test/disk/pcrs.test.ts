import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { predictPcrs } from "../../sdk/disk/pcrs.ts";
import { signProgram } from "../../sdk/disk/secure-boot.ts";
import { signerOf } from "../../sdk/disk/signer.ts";
import { type Sized, unifiedKernelImage } from "../../sdk/disk/uki.ts";
import { noise } from "../support/disks.ts";
import { efiProgram } from "../support/efi-program.ts";
import { judge, scratch } from "../support/judge.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const sized = (bytes: Uint8Array): Sized => ({ size: bytes.length, body: [bytes] });
const PARTS = {
  kernel: efiProgram({ code: noise(9001, "kernel") }),
  initrd: noise(30_003, "initrd"),
  cmdline: "console=ttyS0 quiet",
  osRelease: "ID=test\n",
};
const uki = (more: Partial<typeof PARTS> = {}) => {
  const { kernel, initrd, ...text } = { ...PARTS, ...more };
  return unifiedKernelImage({ stub: efiProgram(), kernel: sized(kernel), initrd: sized(initrd), ...text, align: 4096 });
};
const predicted = async (more: Partial<typeof PARTS> = {}, secureBoot = false) => predictPcrs(uki(more).body, secureBoot);

describe("the predicted registers", () => {
  test("PCR 11 is the one that systemd-measure calculates", async () => {
    await using folder = await scratch();
    const sections = {
      linux: PARTS.kernel,
      osrel: Buffer.from(PARTS.osRelease),
      cmdline: Buffer.from(PARTS.cmdline),
      initrd: PARTS.initrd,
    };
    const files = await Promise.all(
      Object.entries(sections).map(async ([name, content]) => `--${name}=${await folder.file(name, [content])}`),
    );
    const said = judge("/usr/lib/systemd/systemd-measure", "calculate", ...files, "--bank=sha256", "--phase=:");
    assert.match(said, new RegExp(`^11:sha256=${(await predicted())[11]}$`, "m"));
  });

  const rows: [name: string, more: Partial<typeof PARTS>, same: readonly (keyof Awaited<ReturnType<typeof predicted>>)[]][] = [
    ["a kernel", { kernel: efiProgram({ code: noise(9001, "another") }) }, [9]],
    ["an initrd", { initrd: noise(30_003, "another") }, []],
    ["a command line", { cmdline: "console=ttyS0" }, []],
    ["an os-release", { osRelease: "ID=other\n" }, [9]],
  ];
  for (const [name, more, same] of rows) {
    test(`change with ${name}: ${same.length > 0 ? `only ${same.join(", ")} stays the same` : "all of them"}`, async () => {
      const [one, other] = [await predicted(), await predicted(more)];
      assert.deepEqual(
        ([4, 9, 11] as const).filter((pcr) => one[pcr] === other[pcr]),
        same,
      );
    });
  }

  test("do not depend on the signature, and only PCR 4 depends on Secure Boot", async () => {
    const signed = await collect((await signProgram(uki(), signerOf(makeKeyPair()))).body);
    for (const secureBoot of [true, false]) assert.deepEqual(await predictPcrs([signed], secureBoot), await predicted({}, secureBoot));
    const [on, off] = [await predicted({}, true), await predicted({}, false)];
    assert.deepEqual({ ...on, 4: off[4] }, off);
    assert.notEqual(on[4], off[4]);
  });

  test("do not depend on the chunks of the image", async () => {
    const image = await collect(uki().body);
    for (const size of [1, 777, 4096, image.length]) {
      const cut = Array.from({ length: Math.ceil(image.length / size) }, (_, index) => image.subarray(index * size, (index + 1) * size));
      assert.deepEqual(await predictPcrs(cut, false), await predicted());
    }
  });

  for (const [name, image] of [
    ["a program without these sections", efiProgram({ code: Buffer.alloc(9000) })],
    ["a text", Buffer.from("text")],
    ["a long text", Buffer.alloc(9000, "text")],
  ] as const) {
    test(`are refused for ${name}`, () => assert.rejects(predictPcrs([image], false), { code: "CORRUPT" }));
  }
});
