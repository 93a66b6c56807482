import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { readTar } from "../../sdk/archive/read-tar.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { build } from "../../sdk/builder/build.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { Image } from "../../sdk/definition/image.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { buildIn, buildTree } from "../support/case-build.ts";
import { unpackInitrd } from "../support/initrd.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage, tarOf } from "../support/test-image.ts";

const registry = await TestRegistry.start();
const folder = await mkdtemp(join(tmpdir(), "formats-"));
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const microcode = await collect(writeCpio([fileEntry("kernel/x86/microcode/GenuineIntel.bin", "microcode")]));
const kernelTar = await tarOf([
  { ...directoryEntry("./lib"), path: "./lib" },
  { ...fileEntry("./lib/modules/6.1/a.ko", "module"), path: "./lib/modules/6.1/a.ko" },
  { ...fileEntry("./boot/dtb/board.dtb", "device tree"), path: "./boot/dtb/board.dtb" },
]);
await addImage(
  registry,
  "k",
  [[fileEntry("kernel", "the kernel"), fileEntry("kernel.tar", kernelTar), fileEntry("intel-ucode.cpio", microcode)]],
  { tags: ["1"] },
);
const packages = (name: string) => fileEntry("lib/apk/db/installed", `P:${name}\nV:1\n`);
await addImage(registry, "a", [[directoryEntry("bin"), fileEntry("bin/rc.init", "#!/bin/sh\n", 0o755), packages("busybox")]], {
  tags: ["1"],
});
await addImage(registry, "b", [[packages("runc"), symlinkEntry("init", "bin/rc.init")]], { tags: ["1"] });
const platforms = await Promise.all(
  [{ architecture: "amd64" }, { architecture: "arm64" }, { architecture: "arm", variant: "v7" }].map(async (platform) => ({
    ...(await addImage(registry, "v", [[fileEntry("of", platform.architecture)]], { architecture: platform.architecture })),
    platform: { os: "linux", ...platform },
  })),
);
const index = registry.addManifest("v", { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: platforms } as object, "1");

const image = (name: string) => `${registry.host}/${name}:1`;
const kernel = (more = "") => `kernel: {image: "${image("k")}", cmdline: console=ttyS0${more}}\n`;
const init = `init: ["${image("a")}", "${image("b")}"]\n`;
const UCODE = ", ucode: intel-ucode.cpio";

async function filesOf(yaml: string, format: "kernel+initrd" | "tar" | "docker" | "tar-kernel-initrd", name: string) {
  return (await build(Image.fromYaml(yaml), buildIn(folder, { format, name, sbom: false }))).files;
}

async function membersOf(file: string): Promise<Map<string, string>> {
  const members = new Map<string, string>();
  for await (const { path, body } of readTar(createReadStream(file))) members.set(path, (await collect(body)).toString("latin1"));
  return members;
}

describe("files are named as LinuxKit names them", () => {
  for (const row of [
    { format: "kernel+initrd", want: ["os-kernel", "os-initrd.img", "os-cmdline"] },
    { format: "tar", want: ["os.tar"] },
    { format: "docker", want: ["os.docker"] },
    { format: "tar-kernel-initrd", want: ["os-initrd.tar"] },
  ] as const) {
    test(row.format, async () =>
      assert.deepEqual(
        (await filesOf(kernel() + init, row.format, "os")).map(({ name }) => name),
        row.want,
      ),
    );
  }
  test("without a kernel only the initrd is written", async () =>
    assert.deepEqual(
      (await filesOf(init, "kernel+initrd", "bare")).map(({ name }) => name),
      ["bare-initrd.img"],
    ));
});

describe("a kernel from an image", () => {
  test("brings its modules, its device trees and its microcode", async () => {
    const { tree } = await buildTree(kernel(UCODE) + init, folder, { name: "kernel" });
    assert.deepEqual(
      Object.keys(tree)
        .filter((path) => /^(boot|lib\/modules)/.test(path))
        .sort(),
      [
        "boot",
        "boot/cmdline",
        "boot/dtb",
        "boot/dtb/board.dtb",
        "boot/kernel",
        "boot/ucode.cpio",
        "lib/modules",
        "lib/modules/6.1",
        "lib/modules/6.1/a.ko",
      ],
    );
  });
  test("may lack the microcode", async () => {
    const { tree } = await buildTree(kernel(", ucode: amd-ucode.cpio") + init, folder, { name: "without" });
    assert.equal(tree["boot/ucode.cpio"], undefined);
  });
  test("without the named archive is refused", async () => {
    await assert.rejects(buildTree(kernel(", tar: modules.tar"), folder), {
      code: "NOT_FOUND",
      message: /^kernel\.tar: the image has no file modules\.tar/,
    });
  });
  test("from a symlink is refused", async () => {
    await addImage(registry, "link", [[symlinkEntry("kernel", "vmlinuz"), fileEntry("vmlinuz", "x")]], { tags: ["1"] });
    await assert.rejects(buildTree(`kernel: {image: "${image("link")}", tar: none}\n`, folder), {
      code: "INVALID_DEFINITION",
      message: /kernel: got a symlink in the image, wanted a file/,
    });
  });
});

describe("the initrd", () => {
  test("begins with the microcode, and its /boot is empty", async () => {
    const [, initrd] = await filesOf(kernel(UCODE) + init, "kernel+initrd", "micro");
    const bytes = await readFile(initrd?.path as string);
    assert.deepEqual(bytes.subarray(0, microcode.length), microcode);
    const tree = unpackInitrd(bytes);
    assert.ok(tree["kernel/x86/microcode/GenuineIntel.bin"] && tree["lib/modules/6.1/a.ko"]);
    assert.deepEqual(
      Object.keys(tree).filter((path) => path.startsWith("boot")),
      ["boot"],
    );
  });
  test("in a tar archive has the microcode beside it", async () => {
    const [file] = await filesOf(kernel(UCODE) + init, "tar-kernel-initrd", "micro");
    const members = await membersOf(file?.path as string);
    assert.deepEqual([...members.keys()], ["kernel", "initrd.img", "cmdline", "ucode.cpio"]);
    assert.equal(members.get("ucode.cpio"), microcode.toString("latin1"));
    assert.equal(members.get("cmdline"), "console=ttyS0");
    assert.ok(unpackInitrd(Buffer.from(members.get("initrd.img") ?? "", "latin1"))["bin/rc.init"]);
  });
});

test("files of images keep their times, generated files have time 0, and no member needs a pax header", async () => {
  await addImage(registry, "timed", [[fileEntry("old", "1", 0o644, { mtime: 1_600_000_000 })]], { tags: ["1"] });
  const { built } = await buildTree(`init: ["${image("timed")}"]\nfiles: [{path: new, contents: "2"}]\n`, folder, { name: "timed" });
  const bytes = await readFile(built.files[0]?.path as string);
  const times = new Map<string, number>();
  for await (const { path, mtime } of readTar([bytes])) times.set(path, mtime);
  assert.equal(times.get("old"), 1_600_000_000);
  assert.deepEqual(
    [...times].filter(([path, mtime]) => path !== "old" && mtime !== 0),
    [],
  );
  assert.ok(!bytes.includes("PaxHeaders"));
});

test("a docker context starts the same program as LinuxKit's", async () => {
  const [file] = await filesOf(init, "docker", "context");
  const members = await membersOf(file?.path as string);
  assert.equal(members.get("Dockerfile"), 'FROM scratch\nCOPY . /\nENTRYPOINT ["/bin/rc.init"]\n');
});

test("the apk databases of all init images are merged", async () => {
  const { built } = await buildTree(init, folder, { name: "apk" });
  const members = await membersOf(built.files[0]?.path as string);
  assert.equal(members.get("lib/apk/db/installed"), "P:busybox\nV:1\n\n\nP:runc\nV:1\n\n\n");
});

describe("a volume with the format oci holds the unchanged image", () => {
  for (const row of [
    { name: "for the platform of the build", platforms: "", want: [0] },
    { name: "for the named platforms", platforms: ", platforms: [linux/arm64, linux/arm/v7]", want: [1, 2] },
  ]) {
    test(row.name, async () => {
      const yaml = `volumes: [{name: images, image: "${image("v")}", format: oci${row.platforms}}]\n`;
      const { tree, built } = await buildTree(yaml, folder, { name: `volume${row.want.join("")}` });
      const members = await membersOf(built.files[0]?.path as string);
      const lower = "containers/volumes/images/lower";
      const { manifests } = JSON.parse(members.get(`${lower}/index.json`) ?? "") as { manifests: object[] };
      assert.deepEqual(manifests, [
        {
          mediaType: index.mediaType,
          digest: index.digest,
          size: index.size,
          annotations: { "org.opencontainers.image.ref.name": image("v") },
        },
      ]);
      const held = Object.keys(tree)
        .filter((path) => path.startsWith(`${lower}/blobs/sha256/`))
        .map((path) => `sha256:${path.slice(path.lastIndexOf("/") + 1)}`);
      assert.deepEqual(
        platforms.flatMap(({ digest }, at) => (held.includes(digest) ? [at] : [])),
        row.want,
      );
      // index, and for each platform manifest, configuration and layer
      assert.equal(held.length, 1 + 3 * row.want.length);
      assert.deepEqual(built.lock.layouts, { [image("v")]: index.digest });
    });
  }
  test("a platform that the image lacks is refused", async () => {
    const yaml = `volumes: [{name: images, image: "${image("v")}", format: oci, platforms: [linux/s390x]}]\n`;
    await assert.rejects(buildTree(yaml, folder), {
      code: "NOT_FOUND",
      message: /volumes\.images\.image: .*has no linux\/s390x; it has linux\/amd64, linux\/arm64, linux\/arm/,
    });
  });
});
