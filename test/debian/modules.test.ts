import assert from "node:assert/strict";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { devicePatterns } from "../../sdk/debian/device-patterns.ts";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { debian } from "../../sdk/debian/images.ts";
import { kernelConfig, kernelFile, kernelModules } from "../../sdk/debian/kernel.ts";
import type { ModuleInfo } from "../../sdk/debian/modinfo.ts";
import { moduleOrder } from "../../sdk/debian/module-order.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { debianFixture } from "../support/debian-fixture.ts";
import { elfFile } from "../support/elf-file.ts";

function info(name: string, more: Partial<ModuleInfo> = {}): ModuleInfo {
  return { name, depends: [], before: [], after: [], aliases: [], ...more };
}

const KERNEL = {
  builtin: ["unix", "libcrc32c"],
  builtinAliases: ["sha256"],
  modules: [
    info("a", { depends: ["b", "libcrc32c"], before: ["crc32c", "sha256", "nowhere"], after: ["late"] }),
    info("b", { depends: ["c"] }),
    info("c"),
    info("crc32c_generic", { aliases: ["crc32c"] }),
    info("crc32c_fast", { aliases: ["crc32c"] }),
    info("late", { before: ["a"] }),
    info("lame", { depends: ["absent"] }),
    info("virtio_rng"),
  ],
};

describe("the order for insmod", () => {
  const names = (...asked: string[]): string[] => moduleOrder(KERNEL, asked).map(({ name }) => name);
  test("has dependencies and soft ones first, each once, and later ones after", () =>
    assert.deepEqual(names("a", "b", "a"), ["crc32c_generic", "c", "b", "a", "late"]));
  test("is otherwise the order of the names", () => assert.deepEqual(names("c", "virtio-rng", "b"), ["c", "virtio_rng", "b"]));
  test("breaks a cycle of soft dependencies", () => assert.deepEqual(names("late"), ["crc32c_generic", "c", "b", "a", "late"]));
  test("leaves out built-in modules", () => assert.deepEqual(names("unix"), []));
  test("refuses an unknown name with a suggestion", () =>
    assert.throws(
      () => names("virtio-rgn"),
      (error) =>
        isLinuxKitError(error, "NOT_FOUND") && error.message === 'the kernel has no module "virtio-rgn": did you mean "virtio_rng"?',
    ));
  test("says that a driver may be in another flavour", () => {
    const hint = (name: string) => () => moduleOrder(KERNEL, ["e1000"], name);
    assert.throws(hint("linux-image-6.1.0-44-cloud-amd64"), {
      message:
        'the kernel has no module "e1000"; linux-image-6.1.0-44-cloud-amd64 has only what virtual machines need: a driver of real hardware is in debian.kernel({ flavour: "generic" })',
    });
    assert.throws(hint("linux-image-6.1.0-44-amd64"), { message: 'the kernel has no module "e1000"' });
  });
  test("refuses a dependency that the package lacks", () =>
    assert.throws(
      () => names("lame"),
      (error) => isLinuxKitError(error, "CORRUPT") && /lame needs absent/.test(error.message),
    ));
});

test("a module has the devices without which it is not loaded", () => {
  const order = [
    info("virtio_ring"),
    info("virtio", { depends: ["virtio_ring"] }),
    info("virtio_pci", { depends: ["virtio", "virtio_ring"], aliases: ["pci:v00001AF4*"] }),
    info("net_failover"),
    info("virtio_net", { depends: ["virtio", "virtio_ring", "net_failover"], aliases: ["virtio:d00000001v*"] }),
    info("hv_vmbus", { aliases: ["acpi*:VMBUS:*"] }),
    info("scsi_mod"),
    info("virtio_scsi", { depends: ["virtio", "virtio_ring", "scsi_mod"], aliases: ["virtio:d00000008v*"] }),
    info("hv_storvsc", { depends: ["hv_vmbus", "scsi_mod"], aliases: ["vmbus:d96361ba104d*"] }),
    info("sd_mod", { depends: ["scsi_mod"], aliases: ["scsi:t-0x00*"] }),
    info("overlay", { aliases: ["fs-overlay"] }),
  ];
  const virtio = ["pci:v00001AF4*", "acpi:VMBUS:*"];
  assert.deepEqual(Object.fromEntries(devicePatterns(order)), {
    virtio_ring: virtio.slice(0, 1),
    virtio: virtio.slice(0, 1),
    virtio_pci: ["pci:v00001AF4*"],
    net_failover: ["virtio:d00000001v*"],
    virtio_net: ["virtio:d00000001v*"],
    hv_vmbus: ["acpi:VMBUS:*"],
    scsi_mod: ["virtio:d00000008v*", "acpi:VMBUS:*"],
    virtio_scsi: ["virtio:d00000008v*"],
    hv_storvsc: ["acpi:VMBUS:*"],
    sd_mod: ["virtio:d00000008v*", "acpi:VMBUS:*"],
  });
});

test("a SCSI disk may be behind any controller, in any order and through any library", () => {
  const order = [
    info("scsi_mod"),
    info("sd_mod", { depends: ["scsi_mod"], aliases: ["scsi:t-0x00*"] }),
    info("libata", { depends: ["scsi_mod"] }),
    info("ahci", { depends: ["libata"], aliases: ["pci:v*bc01sc06i01*"] }),
    info("hv_vmbus", { aliases: ["acpi*:VMBUS:*"] }),
    info("hv_storvsc", { depends: ["hv_vmbus", "scsi_mod"], aliases: ["vmbus:d96361ba104d*"] }),
  ];
  assert.deepEqual(devicePatterns(order).get("sd_mod"), ["pci:v*bc01sc06i01*", "acpi:VMBUS:*"]);
});

test("an NVMe disk may be behind Hyper-V, which brings its PCI devices later", () => {
  const nvme = info("nvme", { depends: ["nvme_core"], aliases: ["pci:v*bc01sc08i02*"] });
  const hyperv = [
    info("hv_vmbus", { aliases: ["acpi*:VMBUS:*"] }),
    info("pci_hyperv", { depends: ["hv_vmbus"], aliases: ["vmbus:44c4f61d44442844*"] }),
  ];
  const order = [info("nvme_core"), nvme, ...hyperv, info("ena", { aliases: ["pci:v00001D0F*"] })];
  assert.deepEqual(Object.fromEntries(devicePatterns(order)), {
    nvme_core: ["pci:v*bc01sc08i02*", "acpi:VMBUS:*"],
    nvme: ["pci:v*bc01sc08i02*", "acpi:VMBUS:*"],
    hv_vmbus: ["acpi:VMBUS:*"],
    pci_hyperv: ["acpi:VMBUS:*"],
    ena: ["pci:v00001D0F*"],
  });
  assert.deepEqual(devicePatterns([info("nvme_core"), nvme]).get("nvme"), ["pci:v*bc01sc08i02*"]);
});

describe("a kernel package", () => {
  let mirror: DebianMirror;
  const module = (modinfo: string[]): Buffer => elfFile({ modinfo });
  before(async () => {
    const base = "lib/modules/6.1.0-9-cloud-amd64";
    mirror = await DebianMirror.start([
      { name: "linux-image-cloud-amd64", fields: { Depends: "linux-image-6.1.0-9-cloud-amd64 (= 6.1.9-1)", Source: "linux-signed" } },
      {
        name: "linux-image-6.1.0-9-cloud-amd64",
        version: "6.1.9-1",
        fields: { Depends: "kmod, initramfs-tools" },
        files: {
          "boot/vmlinuz-6.1.0-9-cloud-amd64": "KERNEL",
          "boot/config-6.1.0-9-cloud-amd64": "CONFIG_RD_ZSTD=y\n",
          [`${base}/modules.builtin`]: "kernel/fs/ext4/ext4.ko\n",
          [`${base}/modules.builtin.modinfo`]: "ext4.alias=fs-ext4\0",
          [`${base}/kernel/drivers/virtio/virtio_pci.ko`]: module(["name=virtio_pci", "depends=virtio", "alias=pci:v00001AF4*"]),
          [`${base}/kernel/arch/x86/crypto/sha256-ssse3.ko`]: module([
            "name=sha256_ssse3",
            "alias=crypto-sha256",
            "alias=cpu:type:x86,ven*fam*mod*:feature:*0089*",
          ]),
          [`${base}/kernel/drivers/virtio/virtio.ko`]: module(["name=virtio"]),
          [`${base}/kernel/drivers/char/virtio-rng.ko`]: module(["name=virtio_rng", "depends=virtio", "alias=virtio:d00000004v*"]),
          [`${base}/kernel/fs/overlay.ko`]: module(["name=overlay", "depends="]),
          [`${base}/kernel/net/wireguard.ko`]: module(["name=wireguard", "depends="]),
        },
      },
      { name: "linux-image-amd64", fields: { Depends: "linux-base" } },
    ]);
  });
  after(() => mirror.stop());

  test("is found through its metapackage, unpacked once, and only wanted modules are used", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.kernel());
    assert.deepEqual(
      lock.packages.map(({ name, version, keep }) => [name, version, keep]),
      [["linux-image-6.1.0-9-cloud-amd64", "6.1.9-1", "kernel"]],
    );
    await ensureDebs(lock.packages, fixture.options);
    const deb = lock.packages[0] as (typeof lock.packages)[0];
    assert.equal((await collect(await kernelFile(deb, fixture.options))).toString(), "KERNEL");
    assert.equal(await kernelConfig(deb, fixture.options), "CONFIG_RD_ZSTD=y\n");
    await rm(fixture.store.path(`sha256:${deb.sha256}`));
    const { files, order } = await kernelModules(deb, ["wireguard", "ext4"], fixture.options);
    assert.deepEqual(order, [
      // before the others: it checks their signatures
      "/usr/lib/modules/sha256-ssse3.ko cpu:type:x86,ven*fam*mod*:feature:*0089*",
      "/usr/lib/modules/virtio.ko pci:v00001AF4*",
      "/usr/lib/modules/virtio_pci.ko pci:v00001AF4*",
      "/usr/lib/modules/virtio-rng.ko virtio:d00000004v*",
      "/usr/lib/modules/overlay.ko",
      "/usr/lib/modules/wireguard.ko",
    ]);
    const fewer = await kernelModules(deb, [], { ...fixture.options, without: ["overlay"] });
    assert.ok(!fewer.order.some((line) => line.includes("overlay")) && fewer.order.length > 0);
    const named = await kernelModules(deb, ["overlay"], { ...fixture.options, without: ["overlay"] });
    assert.ok(named.order.includes("/usr/lib/modules/overlay.ko"));
    // a first stage without one of its modules would mount nothing
    await assert.rejects(kernelModules(deb, [], { ...fixture.options, purpose: "packed-root" }), {
      code: "NOT_FOUND",
      message: /^the kernel has no module "loop"/,
    });
    const paths: string[] = [];
    for await (const entry of files) {
      paths.push(entry.path);
      assert.equal((await collect(entry.body)).length, entry.size);
    }
    assert.deepEqual(
      paths,
      ["overlay", "sha256-ssse3", "virtio-rng", "virtio", "virtio_pci", "wireguard"].map((name) => `usr/lib/modules/${name}.ko`),
    );
    await assert.rejects(
      kernelModules(deb, ["wiregard"], fixture.options),
      (error) => isLinuxKitError(error, "NOT_FOUND") && /did you mean "wireguard"/.test(error.message),
    );
  });
  test("whose pack in the cache others changed is refused, and unpacked again", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.kernel());
    await ensureDebs(lock.packages, fixture.options);
    const deb = lock.packages[0] as (typeof lock.packages)[0];
    const kernel = async () => (await collect(await kernelFile(deb, fixture.options))).toString();
    assert.equal(await kernel(), "KERNEL");
    const indexes = join(fixture.cacheDir, "indexes");
    for (const [ending, isRefused] of [
      [".pack", true],
      [".kernel", false],
    ] as const) {
      const [file = ""] = (await readdir(indexes)).filter((name) => name.endsWith(ending));
      const bytes = await readFile(join(indexes, file), "latin1");
      await writeFile(join(indexes, file), bytes.replace("KERNEL", "EVIL!!").replace('"size":6', '"size":5'), "latin1");
      if (isRefused)
        await assert.rejects(kernel(), { code: "DIGEST_MISMATCH", message: /\.pack: got sha256:.* has changed and is removed/ });
      assert.equal(await kernel(), "KERNEL", ending);
    }
  });
  test("a named module is always loaded", async () => {
    await using fixture = await debianFixture(mirror);
    const lock = await fixture.lock(debian.kernel());
    await ensureDebs(lock.packages, fixture.options);
    const { order } = await kernelModules(lock.packages[0] as (typeof lock.packages)[0], ["virtio-rng"], fixture.options);
    assert.ok(order.includes("/usr/lib/modules/virtio-rng.ko") && order.includes("/usr/lib/modules/virtio.ko"));
  });
  test("a metapackage without a kernel is refused", async () => {
    await using fixture = await debianFixture(mirror);
    await assert.rejects(
      fixture.lock(debian.kernel({ flavour: "generic" })),
      (error) => isLinuxKitError(error, "NOT_FOUND") && /does not depend on a kernel package: got linux-base/.test(error.message),
    );
  });
});
