import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { type Bytes, collect } from "../../sdk/core/bytes.ts";
import { FORMATS, formatWriter } from "../../sdk/format/formats.ts";
import { textContent } from "../../sdk/format/kernel-initrd.ts";
import type { FormatFile, Parts } from "../../sdk/format/parts.ts";

const NONE = { name: "os", arch: "amd64" as const, aside: "", loader: () => Buffer.alloc(0) };
const parts: Parts = { ...NONE, cmdline: "quiet", kernel: textContent("kernel"), initrd: textContent("initrd"), tree: () => [directoryEntry("etc"), fileEntry("etc/x", "1")] };

const suffixes = (files: readonly FormatFile[]) => files.map(({ role, suffix }) => `${role} ${suffix}`);
const members = async ([file]: readonly FormatFile[]): Promise<string[]> => {
  assert.ok(file);
  return execFileSync("tar", ["-tf", "-"], { input: await collect(file.open() as Bytes) }).toString().trim().split("\n");
};

describe("kernel+initrd", () => {
  for (const { name, given, want } of [
    { name: "three files", given: parts, want: ["kernel -kernel", "initrd -initrd.img", "cmdline -cmdline"] },
    { name: "no empty command line", given: { ...parts, cmdline: "" }, want: ["kernel -kernel", "initrd -initrd.img"] },
    { name: "no kernel where there is none", given: { ...NONE, cmdline: "", initrd: textContent("initrd") }, want: ["initrd -initrd.img"] },
  ]) {
    test(name, () => assert.deepEqual(suffixes(formatWriter("kernel+initrd").files(given)), want));
  }
});

describe("archives, as GNU tar reads them", () => {
  for (const { name, format, given, want } of [
    { name: "tar", format: "tar", given: parts, want: ["etc/", "etc/x", "boot/", "boot/kernel", "boot/cmdline"] },
    { name: "tar without a kernel", format: "tar", given: { ...NONE, cmdline: "", tree: parts.tree! }, want: ["etc/", "etc/x"] },
    { name: "tar of a tree that has a boot folder and a kernel of its own", format: "tar", given: { ...parts, tree: () => [directoryEntry("boot"), fileEntry("boot/kernel", "stale"), fileEntry("boot/dtb", "d")] }, want: ["boot/", "boot/dtb", "boot/kernel", "boot/cmdline"] },
    { name: "tar-kernel-initrd", format: "tar-kernel-initrd", given: parts, want: ["kernel", "initrd.img", "cmdline"] },
  ]) {
    test(name, async () => assert.deepEqual(await members(formatWriter(format).files(given)), want));
  }
});

describe("a name that is none is refused, with those that are", () => {
  for (const name of ["", "Tar", "toString", "iso"]) {
    test(JSON.stringify(name), () => assert.throws(() => formatWriter(name), { code: "INVALID_DEFINITION", message: new RegExp(Object.keys(FORMATS)[0]!.replace("+", "\\+")) }));
  }
});
