import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { present } from "../../sdk/core/present.ts";
import { FORMATS, type FormatName } from "../../sdk/format/formats.ts";
import { buildDisk as buildPlanned, type DiskPlanOptions } from "../support/disk-plan.ts";
import { efiProgram } from "../support/efi-program.ts";
import { fakeSources, planOf, segment, unpack } from "../support/fake-plan.ts";

const FILL_DISK = new URL("../support/fill-disk.ts", import.meta.url).pathname;

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linuxkit-refused-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** {@link buildPlanned} with a separate cache. */
const buildDisk = async (format: FormatName, outputDir: string, options: Omit<DiskPlanOptions, "cacheDir"> = {}) =>
  buildPlanned(format, outputDir, { cacheDir: await mkdtemp(join(folder, "cache-")), ...options });

const BOOTABLE: readonly FormatName[] = [
  "raw-bios",
  "raw-efi",
  "raw-hybrid",
  "qcow2-bios",
  "qcow2-efi",
  "iso-bios",
  "iso-efi",
  "iso-efi-initrd",
  "vhd",
  "dynamic-vhd",
  "vmdk",
  "aws",
  "gcp",
];
const ALL = Object.keys(FORMATS) as FormatName[];
const DISKS = BOOTABLE.filter((format) => !format.startsWith("iso"));
const WITH_EFI = BOOTABLE.filter((format) => !format.endsWith("-bios"));

describe("a failed build has an error code and leaves no file:", () => {
  const abort = new AbortController();
  abort.abort();
  const rows = [
    {
      name: "a disk too small",
      formats: DISKS,
      options: { diskMiB: 1 },
      code: "TOO_LARGE",
      message: /the disk has 1048576: give it at least \d+ MiB/,
    },
    {
      name: "a command line too long",
      formats: BOOTABLE,
      options: { cmdline: "x".repeat(2048) },
      code: "TOO_LARGE",
      message: /20[46]\d bytes, the kernel takes at most 2047/,
    },
    {
      name: "a command line that is not ASCII",
      formats: BOOTABLE,
      options: { cmdline: "motd=grüezi" },
      code: "INVALID_DEFINITION",
      message: /wanted printable ASCII only/,
    },
    {
      name: "a kernel without an EFI stub",
      formats: WITH_EFI,
      options: { kernel: Buffer.alloc(9000, 1) },
      code: "CORRUPT",
      message: /kernel: not an EFI program/,
    },
    {
      name: "a kernel for another machine",
      formats: WITH_EFI,
      options: { kernel: efiProgram({ machine: 0xaa64 }) },
      code: "CORRUPT",
      message: /built for machine 0xaa64/,
    },
    {
      name: "loaders that no lock has",
      formats: BOOTABLE,
      options: { loaders: [] },
      code: "NOT_FOUND",
      message: /package \S+ is not in the lock/,
    },
    { name: "a build that is cancelled", formats: BOOTABLE, options: { signal: abort.signal }, code: "CANCELLED", message: /cancelled/ },
  ] as const;
  for (const { name, formats, options, code, message } of rows) {
    for (const format of formats) {
      test(`${format}: ${name}`, async () => {
        const outputDir = await mkdtemp(join(folder, "out-"));
        await assert.rejects(buildDisk(format, outputDir, options), { code, message });
        assert.deepEqual(await readdir(outputDir), []);
      });
    }
  }

  for (const format of ALL) {
    test(`${format}: a folder that is a file`, async () => {
      const outputDir = join(folder, `file-${format}`);
      await writeFile(outputDir, "");
      await assert.rejects(buildDisk(format, outputDir), { code: "UNWRITABLE" });
    });
  }
});

test("a packed root is refused for a kernel from an image, which has no first stage", async () => {
  const outputDir = await mkdtemp(join(folder, "out-"));
  const plan = planOf(segment("base", unpack("base")));
  const cacheDir = join(folder, "cache-foreign");
  const options = { format: "kernel+squashfs-initrd", name: "os", outputDir, cacheDir, store: new BlobStore(cacheDir) } as const;
  const { kernel: _, ...without } = plan;
  for (const [given, code, message] of [
    [
      plan,
      "UNSUPPORTED",
      /^kernel\.image: got an image of its own, but kernel\+squashfs-initrd wanted debian\.kernel\(\).*or kernel\+initrd$/,
    ],
    [without, "INVALID_DEFINITION", /^kernel: missing, and kernel\+squashfs-initrd wanted debian\.kernel\(\)/],
  ] as const)
    await assert.rejects(buildPlan(given, { ...options, sources: fakeSources({}) }), { code, message });
  assert.deepEqual(await readdir(outputDir), []);
});

describe("an interrupted build leaves no file:", () => {
  for (const format of ALL) {
    test(`${format}: a build that is cancelled while it writes`, async () => {
      const outputDir = await mkdtemp(join(folder, "out-"));
      const abort = new AbortController();
      const building = buildDisk(format, outputDir, {
        signal: abort.signal,
        onProgress: ({ stage }) => stage === "write" && abort.abort(),
      });
      await assert.rejects(building, { code: "CANCELLED" });
      assert.deepEqual(await readdir(outputDir), []);
    });
  }
});

describe("a full disk", () => {
  let outcomes: ReadonlyMap<string, { readonly code: string; readonly left: readonly string[] }>;
  before(async () => {
    const [cacheDir, outputDir] = [await mkdtemp(join(folder, "cache-")), await mkdtemp(join(folder, "full-"))];
    // the cache is filled before the disk is full
    for (const format of ["raw-efi", "kernel+erofs"] as const) await buildPlanned(format, join(folder, "before"), { cacheDir });
    // the kernel refuses every byte beyond 64 KiB of a file, as a full filesystem does
    const said = execFileSync("sh", [
      "-c",
      'ulimit -f 128; exec "$@"',
      "sh",
      process.execPath,
      FILL_DISK,
      cacheDir,
      outputDir,
      ...ALL,
    ]).toString();
    outcomes = new Map(
      said
        .trim()
        .split("\n")
        .map((line) => [JSON.parse(line).format, JSON.parse(line)]),
    );
  });

  for (const format of ALL) {
    test(`${format}: fails with DISK_FULL, and leaves no file`, () => {
      const { code, left } = present(outcomes.get(format));
      assert.deepEqual({ code, left }, { code: "DISK_FULL", left: [] });
    });
  }
});

test("a disk has the size that was asked for, or that its cloud requires", async () => {
  const outputDir = await mkdtemp(join(folder, "out-"));
  const sizes = await Promise.all(
    (["raw-efi", "raw-bios", "raw-hybrid", "aws"] as const).map(
      async (format) => (await buildDisk(format, outputDir, { diskMiB: 100 })).files[0]?.size,
    ),
  );
  assert.deepEqual(sizes, [100 << 20, 100 << 20, 100 << 20, 1 << 30]);
});
