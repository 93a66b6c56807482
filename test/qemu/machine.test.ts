import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Output, runtime, secret } from "@pulumi/pulumi";
import { Disk, Machine, MachineImage, Network } from "../../providers/qemu/index.ts";
import { Image, Kernel, Service } from "../../sdk/index.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });

const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "kernel+initrd": { kernel: "-kernel", initrd: "-initrd.img", cmdline: "-cmdline" },
  "kernel+squashfs": { kernel: "-kernel", cmdline: "-cmdline", "base-initrd": "-base-initrd.img", root: "-squashfs.img" },
  "kernel+squashfs-initrd": { kernel: "-kernel", cmdline: "-cmdline", "squashfs-initrd": "-squashfs-initrd.img" },
  "raw-efi": { image: "-efi.img" },
  "qcow2-efi": { image: "-efi.qcow2" },
  aws: { image: ".raw" },
  gcp: { image: ".img.tar.gz" },
  vhd: { image: ".vhd" },
};
const filesOf = (formats: readonly string[]) =>
  formats.flatMap((format) => Object.entries(FILES[format] ?? {}).map(([role, suffix]) => ({ role, name: `web${suffix}` })));

/** Type and inputs of each registered resource by name. */
const registered = new Map<string, { readonly type: string; readonly inputs: Record<string, unknown> }>();

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    registered.set(name, { type, inputs });
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": {
        digest: "sha256:1",
        arch: "amd64",
        cmdline: "quiet",
        path: "/cache/1",
        files: filesOf(inputs.formats ?? ["kernel+initrd"]),
      },
      "linuxkit:index:QemuVm": { url: "http://127.0.0.1:8080", ports: { "80/tcp": 8080 }, pid: 7, bootId: "b", consoleLog: "/c" },
      "linuxkit:index:QemuNetwork": { socket: `/networks/${name}/switch`, running: true },
      "linuxkit:index:QemuDisk": { ...inputs, path: `/disks/${name}.img`, format: "raw", serial: name },
    };
    return { id: `${name}-id`, state: state[type] ?? inputs };
  },
  call: () => ({}),
});

const settled = <T>(output: Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));

describe("a QEMU machine", () => {
  beforeEach(() => registered.clear());

  test("with an image registers a build and a machine, named after it", async () => {
    const machine = new Machine("web", { image: OS, arch: "amd64", memoryMiB: 512, publish: ["8080:80/tcp"] });
    assert.equal(await settled(machine.url), "http://127.0.0.1:8080");
    assert.deepEqual([...registered].map(([name, { type }]) => [name, type]).sort(), [
      ["web", "linuxkit:index:QemuMachine"],
      ["web-image", "linuxkit:index:QemuMachineImage"],
      ["web-image-build", "linuxkit:index:ImageBuild"],
      ["web-vm", "linuxkit:index:QemuVm"],
    ]);
    const { arch, kernel, initrd, cmdline, digest, memoryMiB, publish } = registered.get("web-vm")?.inputs ?? {};
    assert.deepEqual(
      { arch, kernel, initrd, cmdline, digest, memoryMiB, publish },
      {
        arch: "amd64",
        kernel: "/cache/1/web-kernel",
        initrd: "/cache/1/web-initrd.img",
        cmdline: "quiet",
        digest: "sha256:1",
        memoryMiB: 512,
        publish: ["8080:80/tcp"],
      },
    );
    assert.deepEqual(
      [await settled(machine.pid), await settled(machine.bootId), await settled(machine.consoleLog), await settled(machine.ports)],
      [7, "b", "/c", { "80/tcp": 8080 }],
    );
  });

  test("with a build registers no other build", async () => {
    const build = new ImageBuild("os", { image: OS });
    const machine = new Machine("web", { build });
    await settled(machine.url);
    assert.ok(registered.has("os") && !registered.has("web-image-build"));
    assert.equal(machine.nodes.build, build);
  });

  for (const [formats, want] of [
    [["kernel+squashfs"], { initrd: "/cache/1/web-base-initrd.img", root: "/cache/1/web-squashfs.img" }],
    [["kernel+squashfs-initrd"], { initrd: "/cache/1/web-squashfs-initrd.img", root: undefined }],
    [["kernel+squashfs-initrd", "kernel+initrd"], { initrd: "/cache/1/web-initrd.img", root: undefined }],
    [["kernel+squashfs", "kernel+squashfs-initrd"], { initrd: "/cache/1/web-squashfs-initrd.img", root: undefined }],
    [["kernel+squashfs", "kernel+initrd"], { initrd: "/cache/1/web-initrd.img", root: undefined }],
  ] as const) {
    test(`with a build of ${formats.join(" and ")} prefers a format without a disk`, async () => {
      const machine = new Machine("web", { build: new ImageBuild("os", { image: OS, formats }) });
      await settled(machine.url);
      const { initrd, root } = registered.get("web-vm")?.inputs ?? {};
      assert.deepEqual({ initrd, root }, want);
    });
  }

  for (const [formats, disk, diskFormat] of [
    [["raw-efi"], "/cache/1/web-efi.img", "raw"],
    [["qcow2-efi"], "/cache/1/web-efi.qcow2", "qcow2"],
    [["aws"], "/cache/1/web.raw", "raw"],
    [["gcp", "vhd", "qcow2-efi"], "/cache/1/web-efi.qcow2", "qcow2"],
    [["vhd", "qcow2-efi", "raw-efi"], "/cache/1/web-efi.img", "raw"],
  ] as const) {
    test(`with a build of ${formats.join(" and ")} boots the disk, with the command line on it`, async () => {
      const machine = new Machine("web", { build: new ImageBuild("os", { image: OS, formats }) });
      await settled(machine.url);
      const { kernel, initrd, root, cmdline, ...rest } = registered.get("web-vm")?.inputs ?? {};
      assert.deepEqual(
        [kernel, initrd, root, cmdline, rest.disk, rest.diskFormat],
        [undefined, undefined, undefined, "", disk, diskFormat],
      );
    });
  }

  test("with a machine image registers no build of its own", async () => {
    const machineImage = new MachineImage("base", { image: OS });
    const [one, two] = [new Machine("one", { machineImage }), new Machine("two", { machineImage })];
    await Promise.all([one, two].map(({ url }) => settled(url)));
    assert.deepEqual(
      [...registered].filter(([, { type }]) => type.endsWith("ImageBuild")).map(([name]) => name),
      ["base-build"],
    );
  });

  test("passes on disks in order, and secrets as secrets", async () => {
    const data = new Disk("data", { sizeMiB: 64 });
    const machine = new Machine("web", {
      image: OS,
      disks: [data, { path: "/seed.img", format: "qcow2", serial: "seed", readOnly: true }],
      secrets: { web: { key: secret("hush") } },
    });
    await settled(machine.url);
    const { disks, secrets } = registered.get("web-vm")?.inputs ?? {};
    assert.deepEqual(disks, [
      { path: "/disks/data.img", serial: "data", format: "raw" },
      { path: "/seed.img", format: "qcow2", serial: "seed", readOnly: true },
    ]);
    // the engine's mark of a secret
    assert.deepEqual(Object.keys(secrets as object).includes("4dabf18193072939515e22adb298388d"), true);
  });

  test("in a network has the address of its name there, and the names of all", async () => {
    const network = new Network("lan", { cidr: "10.77.0.0/24", hosts: { m1: "10.77.0.11", m2: "10.77.0.12" } });
    await settled(new Machine("web", { image: OS, network, hostname: "m2" }).url);
    const { network: place, hosts } = registered.get("web-vm")?.inputs ?? {};
    assert.deepEqual(place, { socket: "/networks/lan/switch", address: "10.77.0.12/24", hostname: "m2" });
    assert.equal(hosts, "127.0.0.1 localhost\n10.77.0.11 m1\n10.77.0.12 m2\n");
    assert.throws(() => new Machine("other", { image: OS, hostname: "m1" }), {
      message: 'machine "other": hostname: got "m1" without network: wanted network beside it',
    });
  });

  const serving = OS.with({ services: [new Service("web", { image: "example.com/web:1", secrets: { key: secret("hush"), other: "a" } })] });
  const sources: [name: string, give: () => object][] = [
    ["image", () => ({ image: serving })],
    ["build", () => ({ build: new ImageBuild("os", { image: serving }) })],
    ["machine image", () => ({ machineImage: new MachineImage("base", { image: serving }) })],
  ];
  for (const [name, give] of sources) {
    test(`gets the secrets of the services in its ${name}`, async () => {
      const machine = new Machine("web", { ...give(), secrets: { web: { other: "b" }, db: { c: "d" } } });
      await settled(machine.url);
      // in the form for the engine: a mark with the value beside it
      const marked = registered.get("web-vm")?.inputs.secrets as { value: unknown } | undefined;
      assert.deepEqual(marked?.value, { web: { key: "hush", other: "b" }, db: { c: "d" } });
    });
  }

  test("lets the program transform its children", async () => {
    const machine = new Machine("web", {
      image: OS,
      transform: { build: { arch: "arm64" }, vm: (args, name) => ({ ...args, cmdline: `${name}=1` }) },
    });
    await settled(machine.url);
    assert.equal(registered.get("web-image-build")?.inputs.arch, "arm64");
    assert.equal(registered.get("web-vm")?.inputs.cmdline, "web-vm=1");
  });

  const bad: [name: string, make: () => unknown, message: RegExp][] = [
    ["nothing to run", () => new Machine("web", {}), /machine "web": got nothing to run, wanted one of image, build and machineImage/],
    [
      "two things to run",
      () => new Machine("web", { image: OS, build: new ImageBuild("os", { image: OS }) }),
      /got image and build, wanted one of/,
    ],
    ["a machine image without an image", () => new MachineImage("base", {}), /base: got neither build nor image/],
  ];
  for (const [name, make, message] of bad) test(`refuses ${name}`, () => assert.throws(make, { code: "INVALID_DEFINITION", message }));
});
