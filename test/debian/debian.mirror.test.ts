import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { constants, createZstdCompress } from "node:zlib";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { ARCHES, type Arch } from "../../sdk/core/arch.ts";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { ensureDebs } from "../../sdk/debian/fetch-debs.ts";
import { debian } from "../../sdk/debian/images.ts";
import { kernelConfig, kernelFile, kernelModules } from "../../sdk/debian/kernel.ts";
import { lockPackages } from "../../sdk/debian/lock-packages.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { openRepository, type Repository } from "../../sdk/debian/repository.ts";
import { unpackDebian } from "../../sdk/debian/unpack-debian.ts";
import { judge } from "../support/judge.ts";

/** The Debian mirror of this host's apt sources. */
let cacheDir: string;
let work: string;
before(async () => {
  work = await mkdtemp(join(tmpdir(), "debian-mirror-test-"));
  cacheDir = process.env.PULUMI_LINUXKIT_CACHE ?? join(work, "cache");
});
after(() => rm(work, { recursive: true, force: true }));

const options = () => ({ cacheDir, store: new BlobStore(cacheDir) });
const repositories = new Map<Arch, Promise<Repository>>();
function repository(arch: Arch): Promise<Repository> {
  const opened = repositories.get(arch) ?? openRepository({ arch, ...options() });
  repositories.set(arch, opened);
  return opened;
}

async function unpacked(image: DebianImage, arch: Arch): Promise<string> {
  const { packages } = await lockPackages(image, await repository(arch), options());
  await ensureDebs(packages, options());
  const name = `${arch}-${packages
    .map((deb) => deb.name)
    .join("-")
    .slice(0, 60)}`;
  const root = join(work, name);
  await mkdir(root);
  await pipeline(Readable.from(writeTar(unpackDebian(image.debian, packages, arch, options()))), createWriteStream(`${root}.tar`));
  judge("tar", "-xf", `${root}.tar`, "-C", root, "--no-same-owner");
  return root;
}

const IMAGES: Record<string, DebianImage> = {
  "nginx-light": debian.packages({ packages: ["nginx-light"] }),
  init: debian.init(),
  "init with runc": debian.init({ runtime: "runc" }),
  chrony: debian.chrony(),
  sshd: debian.sshd({ authorizedKeys: ["ssh-ed25519 AAAA"] }),
};

for (const arch of ARCHES) {
  describe(arch, () => {
    for (const [name, image] of Object.entries(IMAGES)) {
      test(`${name}: the tree has every library that readelf lists`, async () => {
        const root = await unpacked(image, arch);
        const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => !entry.isDirectory());
        const names = new Set(files.map((file) => file.name));
        let programs = 0;
        for (const file of files) {
          const path = join(file.parentPath, file.name);
          if (!file.isFile() || (await readFile(path)).subarray(0, 4).toString("latin1") !== "\x7fELF") continue;
          const said = judge("readelf", "-dl", path);
          for (const [, needed] of said.matchAll(/\(NEEDED\).*\[(.*)\]/g))
            assert.ok(names.has(needed as string), `${path} needs ${needed}`);
          const loader = /interpreter: (.*)\]/.exec(said)?.[1];
          if (loader !== undefined) {
            programs++;
            judge("readelf", "-h", await inside(root, loader));
          }
        }
        assert.ok(programs > 0);
      });
    }

    test("the lock is the same each time", async () => {
      const image = IMAGES["nginx-light"] as DebianImage;
      const first = await lockPackages(image, await repository(arch), options());
      assert.deepEqual(await lockPackages(image, await openRepository({ arch, ...options() }), options()), first);
    });

    test("depmod confirms the order of the kernel's modules", async () => {
      const [deb] = (await lockPackages(debian.kernel(), await repository(arch), options())).packages as [LockedDeb];
      await ensureDebs([deb], options());
      const { files, order } = await kernelModules(deb, arch === "s390x" ? ["erofs"] : ["erofs", "wireguard"], options());
      assert.match(await kernelConfig(deb, options()), /^CONFIG_RD_ZSTD=y$/m);

      const root = join(work, `kernel-${arch}`);
      judge("dpkg-deb", "-x", options().store.path(`sha256:${deb.sha256}`), root);
      const [release] = (await readdir(join(root, "lib/modules"))) as [string];
      judge("depmod", "-b", root, release);
      const loaded = order.map((line) => basename(line.split(" ")[0] as string));
      const dependencies = (await readFile(join(root, "lib/modules", release, "modules.dep"), "utf8")).trim().split("\n");
      for (const line of dependencies) {
        const [file, ...needed] = line
          .replace(":", "")
          .trim()
          .split(/\s+/)
          .map((path) => basename(path)) as [string, ...string[]];
        const place = loaded.indexOf(file);
        if (place >= 0)
          for (const other of needed)
            assert.ok(loaded.indexOf(other) >= 0 && loaded.indexOf(other) < place, `${file} needs ${other} before it`);
      }
      if (arch !== "s390x") {
        for (const wanted of [
          "virtio_pci",
          "virtio_blk",
          "virtio_net",
          "virtio-rng",
          "virtio_console",
          "virtio_scsi",
          "ena",
          "gve",
          "hv_netvsc",
          "pci-hyperv",
          "hv_storvsc",
          "sd_mod",
          "overlay",
        ]) {
          assert.ok(loaded.includes(`${wanted}.ko`), wanted);
        }
      } else assert.ok(loaded.indexOf("crc32c_generic.ko") >= 0 && loaded.indexOf("crc32c_generic.ko") < loaded.indexOf("libcrc32c.ko"));

      const size = (await collect(await kernelFile(deb, options()))).length;
      const bodies = async function* () {
        for await (const entry of files) yield* entry.body;
      };
      const packed = await collect(
        Readable.from(bodies()).pipe(createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 19 } })),
      );
      if (arch === "amd64") assert.ok(size + packed.length < 15.5e6, `kernel ${size}, modules ${packed.length}`);
    });
  });
}

test("the bundle of certificates equals that of update-ca-certificates", async () => {
  const root = await unpacked(debian.caCertificates(), "amd64");
  const bundle = await readFile(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8");
  const count = bundle.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  assert.ok(count > 100, String(count));
  assert.equal(
    judge("openssl", "crl2pkcs7", "-nocrl", "-certfile", join(root, "etc/ssl/certs/ca-certificates.crt")).includes("BEGIN PKCS7"),
    true,
  );
});

// absolute symlinks are relative to the tree's root
async function inside(root: string, path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < 8; links++) {
    const target = judge("readlink", "-m", join(root, at)).trim();
    if (target.startsWith(root)) return target;
    at = target;
  }
  throw new Error(`${path}: too many links`);
}
