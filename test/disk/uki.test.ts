import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { authenticodeDigest } from "../../sdk/disk/authenticode.ts";
import { PE_MACHINE } from "../../sdk/disk/pe.ts";
import { type Sized, type UkiOptions, unifiedKernelImage } from "../../sdk/disk/uki.ts";
import { noise } from "../support/disks.ts";
import { efiProgram } from "../support/efi-program.ts";
import { judge, scratch } from "../support/judge.ts";

const sized = (...chunks: Uint8Array[]): Sized => ({ size: chunks.reduce((sum, { length }) => sum + length, 0), body: chunks });
const kernel = efiProgram({ code: noise(50_001) });
const options: UkiOptions = {
  stub: efiProgram(),
  kernel: sized(kernel.subarray(0, 100), kernel.subarray(100)),
  initrd: sized(noise(30_003)),
  cmdline: "console=ttyS0 quiet",
};

describe("a unified kernel image", () => {
  for (const align of [512, 65536]) {
    test(`holds each section unchanged, with kernel and initrd aligned to ${align}`, async () => {
      await using folder = await scratch();
      const uki = unifiedKernelImage({ ...options, align });
      const file = await folder.file("os.efi", uki.body);
      assert.equal((await readFile(file)).length, uki.size);
      const want: Record<string, Uint8Array> = {
        ".cmdline": Buffer.from(options.cmdline),
        ".linux": kernel,
        ".initrd": noise(30_003),
        ".osrel": Buffer.from('ID=linuxkit\nNAME="LinuxKit"\nPRETTY_NAME="LinuxKit"\n'),
      };
      const listed = judge("objdump", "-h", file);
      for (const [name, content] of Object.entries(want)) {
        // size and file offset as objdump's columns give them
        const [, size, offset] = present(new RegExp(`\\${name} +([0-9a-f]{8}) +\\S+ +\\S+ +([0-9a-f]{8})`).exec(listed));
        assert.equal(Number.parseInt(present(size), 16), content.length, name);
        const at = Number.parseInt(present(offset), 16);
        if (name === ".linux" || name === ".initrd") assert.equal(at % align, 0);
        assert.deepEqual((await readFile(file)).subarray(at, at + content.length), Buffer.from(content));
      }
      assert.match(judge("objdump", "-p", file), /Subsystem\s+0000000a/);
    });
  }

  test("is the same each time", async () =>
    assert.deepEqual(await collect(unifiedKernelImage(options).body), await collect(unifiedKernelImage(options).body)));

  for (const row of [
    { name: "a command line of 2048 bytes", options: { ...options, cmdline: "x".repeat(2048) }, code: "TOO_LARGE" },
    { name: "a command line of two lines", options: { ...options, cmdline: "a\nb" }, code: "INVALID_DEFINITION" },
    { name: "a command line with an umlaut", options: { ...options, cmdline: "ü" }, code: "INVALID_DEFINITION" },
    { name: "a stub without room in its headers", options: { ...options, stub: efiProgram({ headerBytes: 512 }) }, code: "UNSUPPORTED" },
    { name: "a stub that is text", options: { ...options, stub: Buffer.from("#!/bin/sh\n") }, code: "CORRUPT" },
    { name: "an initrd of 4 GiB", options: { ...options, initrd: { size: 2 ** 32, body: [] } }, code: "TOO_LARGE" },
  ]) {
    test(`refuses ${row.name}`, () => assert.throws(() => unifiedKernelImage(row.options), { code: row.code }));
  }

  for (const row of [
    { name: "a kernel without an EFI stub", kernel: sized(Buffer.alloc(9000)), code: "CORRUPT" },
    { name: "a kernel of another architecture", kernel: sized(efiProgram({ machine: PE_MACHINE.arm64 })), code: "CORRUPT" },
    { name: "a kernel shorter than its size", kernel: { ...sized(kernel), size: kernel.length + 1 }, code: "SIZE_MISMATCH" },
  ]) {
    test(`fails on ${row.name}`, () =>
      assert.rejects(collect(unifiedKernelImage({ ...options, kernel: row.kernel }).body), { code: row.code }));
  }
});

describe("the Authenticode digest", () => {
  test("is the one that sbsign signs, for the unsigned and the signed program", async () => {
    await using folder = await scratch();
    const file = await folder.file("os.efi", unifiedKernelImage({ ...options, align: 4096 }).body);
    const [key, certificate, signed, signature] = ["key", "certificate", "signed", "signature"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
      string,
    ];
    judge("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-keyout", key, "-out", certificate);
    const said = judge("sbsign", "--key", key, "--cert", certificate, "--output", signed, file);
    assert.doesNotMatch(said, /gap|warning/i);
    judge("sbverify", "--cert", certificate, signed);
    judge("sbattach", "--detach", signature, signed);
    const digest = await authenticodeDigest([await readFile(file)]);
    assert.match(
      judge("openssl", "asn1parse", "-inform", "DER", "-in", signature),
      new RegExp(`\\[HEX DUMP\\]:${digest.toString("hex")}`, "i"),
    );
    assert.deepEqual(await authenticodeDigest([await readFile(signed)]), digest);
  });

  test("does not depend on the chunks of the image", async () => {
    const image = await collect(unifiedKernelImage(options).body);
    const cut = Array.from({ length: Math.ceil(image.length / 777) }, (_, index) => image.subarray(index * 777, index * 777 + 777));
    assert.deepEqual(await authenticodeDigest(cut), await authenticodeDigest([image]));
  });

  test("refuses text", () => assert.rejects(authenticodeDigest([Buffer.from("text")]), { code: "CORRUPT" }));
});
