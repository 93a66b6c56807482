import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { type Bytes, collect } from "../../sdk/core/bytes.ts";
import { checkFormats, checkSigned, FORMATS, type FormatName, formatWriter, loaderPackages } from "../../sdk/format/formats.ts";
import { textContent } from "../../sdk/format/kernel-initrd.ts";
import type { FormatFile, Parts } from "../../sdk/format/parts.ts";

const NONE = { identity: "os", arch: "amd64" as const, aside: "", loader: () => Buffer.alloc(0) };
const parts: Parts = {
  ...NONE,
  cmdline: "quiet",
  kernel: textContent("kernel"),
  initrd: textContent("initrd"),
  tree: () => [directoryEntry("etc"), fileEntry("etc/x", "1")],
};

const suffixes = (files: readonly FormatFile[]) => files.map(({ role, suffix }) => `${role} ${suffix}`);
const members = async ([file]: readonly FormatFile[]): Promise<string[]> => {
  assert.ok(file);
  return execFileSync("tar", ["-tf", "-"], { input: await collect(file.open() as Bytes) })
    .toString()
    .trim()
    .split("\n");
};

describe("kernel+initrd", () => {
  for (const { name, given, want } of [
    { name: "three files", given: parts, want: ["kernel -kernel", "initrd -initrd.img", "cmdline -cmdline"] },
    { name: "no empty command line", given: { ...parts, cmdline: "" }, want: ["kernel -kernel", "initrd -initrd.img"] },
    {
      name: "only the initrd without a kernel and a command line",
      given: { ...NONE, cmdline: "", initrd: textContent("initrd") },
      want: ["initrd -initrd.img"],
    },
  ]) {
    test(name, () => assert.deepEqual(suffixes(formatWriter("kernel+initrd").files(given)), want));
  }
});

describe("archives, as GNU tar reads them", () => {
  for (const { name, format, given, want } of [
    { name: "tar", format: "tar", given: parts, want: ["etc/", "etc/x", "boot/", "boot/kernel", "boot/cmdline"] },
    { name: "tar without a kernel", format: "tar", given: { ...NONE, cmdline: "", tree: parts.tree! }, want: ["etc/", "etc/x"] },
    {
      name: "tar of a tree that has a boot folder and a kernel of its own",
      format: "tar",
      given: { ...parts, tree: () => [directoryEntry("boot"), fileEntry("boot/kernel", "stale"), fileEntry("boot/dtb", "d")] },
      want: ["boot/", "boot/dtb", "boot/kernel", "boot/cmdline"],
    },
    { name: "tar-kernel-initrd", format: "tar-kernel-initrd", given: parts, want: ["kernel", "initrd.img", "cmdline"] },
  ]) {
    test(name, async () => assert.deepEqual(await members(formatWriter(format).files(given)), want));
  }
});

describe("a root on a disk", () => {
  const stage1 = textContent("070701 the first stage");
  const bytesOf = async (format: string, given: Parts) => {
    const file = formatWriter(format)
      .files(given)
      .find(({ role }) => role === "image") as FormatFile;
    return (await collect(file.open() as Bytes)).toString("latin1");
  };
  const { initrd: _, ...rooted } = parts;
  // the layout does not depend on the loader's code, so an empty one is enough
  const cd: Parts = { ...rooted, cmdline: "quiet rootfstype=ramfs", loader: () => Buffer.alloc(440) };

  for (const [what, given, want] of [
    [
      "a kernel that wants a first stage",
      { ...rooted, stage1 },
      ["kernel -kernel", "cmdline -cmdline", "base-initrd -base-initrd.img", "root -erofs.img"],
    ],
    ["any other", rooted, ["kernel -kernel", "cmdline -cmdline", "root -erofs.img"]],
  ] as const) {
    test(`for ${what}`, () => assert.deepEqual(suffixes(formatWriter("kernel+erofs").files(given)), want));
  }

  test("on a CD, is named by root= to a kernel that mounts it itself, without rootfstype=ramfs", async () => {
    const config = await bytesOf("iso-bios", cd);
    assert.match(config, /LINUX \/boot\/kernel\n {2}APPEND quiet root=\/dev\/sr0\n/);
    assert.match(await bytesOf("iso-bios", { ...cd, cmdline: "root=/dev/sda" }), /APPEND root=\/dev\/sda\n/);
  });

  test("on a CD, is found by the first stage", async () => {
    const config = await bytesOf("iso-bios", { ...cd, stage1 });
    assert.match(config, /INITRD \/boot\/initrd\.img\n {2}APPEND quiet rootfstype=ramfs\n/);
    assert.match(config, /070701 the first stage/);
    assert.match(config, /squashfs [0-9a-f]{8}\nerofs [0-9a-f]{8}\niso9660 [0-9a-f]{8}\niso9660 [0-9a-f]{8}\n/);
  });

  test("on a CD, must not have the loader's folder", async () => {
    await assert.rejects(bytesOf("iso-bios", { ...cd, tree: () => [fileEntry("isolinux/x", "1")] }), {
      code: "INVALID_DEFINITION",
      message: /isolinux\/x: the folder isolinux is reserved for the CD's loader/,
    });
  });
});

describe("a packed root", () => {
  const { initrd: _, ...rooted } = parts;

  test("is in an initrd of its own role", () =>
    assert.deepEqual(suffixes(formatWriter("kernel+squashfs-initrd").files({ ...rooted, stage1: textContent("stage1") })), [
      "kernel -kernel",
      "cmdline -cmdline",
      "squashfs-initrd -squashfs-initrd.img",
    ]));
});

describe("an unknown format is refused, with the list of formats:", () => {
  for (const name of ["", "Tar", "toString", "iso"]) {
    test(JSON.stringify(name), () =>
      assert.throws(() => formatWriter(name), {
        code: "INVALID_DEFINITION",
        message: new RegExp(Object.keys(FORMATS)[0]!.replace("+", "\\+")),
      }),
    );
  }
});

describe("a signature covers all that a machine starts", () => {
  const SIGNED: Readonly<Record<"amd64" | "arm64", readonly FormatName[]>> = {
    amd64: ["raw-efi", "qcow2-efi", "iso-efi-initrd", "vhd", "dynamic-vhd", "gcp"],
    arm64: ["raw-efi", "qcow2-efi", "iso-efi-initrd", "vhd", "dynamic-vhd", "vmdk", "aws", "gcp"],
  };
  for (const arch of ["amd64", "arm64"] as const)
    test(`of ${SIGNED[arch].join(", ")} on ${arch}, and of no other`, () => {
      const signed = (Object.keys(FORMATS) as FormatName[]).filter((name) => {
        try {
          checkSigned([name], arch);
          return true;
        } catch {
          return false;
        }
      });
      assert.deepEqual(signed, SIGNED[arch]);
    });
});

describe("formats of one build are refused", () => {
  for (const { name, formats, arch = "amd64", code, message } of [
    {
      name: "that write the same file",
      formats: ["vhd", "dynamic-vhd"],
      code: "INVALID_DEFINITION",
      message: /vhd and dynamic-vhd both write NAME\.vhd: build them into two folders/,
    },
    { name: "given twice", formats: ["raw-efi", "raw-efi"], code: "INVALID_DEFINITION", message: /raw-efi is given twice/ },
    { name: "of LinuxKit that do not boot", formats: ["kernel+iso"], code: "UNSUPPORTED", message: /wanted iso-bios or iso-efi/ },
    { name: "for one board", formats: ["rpi3"], code: "UNSUPPORTED", message: /wanted raw-efi with arch arm64/ },
    {
      name: "that a BIOS starts, for arm64",
      formats: ["raw-bios"],
      arch: "arm64",
      code: "UNSUPPORTED",
      message: /raw-bios is not available for arm64: use raw-efi/,
    },
    {
      name: "that EFI starts, for s390x",
      formats: ["aws"],
      arch: "s390x",
      code: "UNSUPPORTED",
      message: /aws is not available for s390x: use kernel\+initrd/,
    },
  ] as const) {
    test(name, () => assert.throws(() => checkFormats(formats, arch), { code, message }));
  }

  test("unless they share only kernel and command line", () =>
    assert.equal(checkFormats(["kernel+initrd", "kernel+squashfs-initrd", "kernel+erofs", "kernel+squashfs"], "s390x").length, 4));
});

describe("the packages of loaders", () => {
  for (const { formats, arch, want } of [
    { formats: ["kernel+initrd", "tar"], arch: "amd64", want: [] },
    { formats: ["raw-efi", "iso-efi", "aws"], arch: "arm64", want: ["systemd-boot-efi"] },
    { formats: ["qcow2-bios"], arch: "amd64", want: ["syslinux", "syslinux-common"] },
    { formats: ["aws", "iso-bios"], arch: "amd64", want: ["isolinux", "syslinux", "syslinux-common", "systemd-boot-efi"] },
  ] as const) {
    test(`${formats.join(", ")} for ${arch}`, () => assert.deepEqual(loaderPackages(formats, arch), want));
  }
});
