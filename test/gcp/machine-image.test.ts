import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { runtime } from "@pulumi/pulumi";
import { Machine, type MachineArgs } from "../../providers/gcp/index.ts";
import { Image, ImageBuild, Kernel, Volume } from "../../sdk/index.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });
const pair = makeKeyPair();
const { certificate } = pair;
const keys = { pk: certificate, keks: [certificate], dbs: [certificate] };

let children: Record<string, Record<string, unknown>> = {};
let types: Record<string, string> = {};
const files = [
  { role: "image", name: "web.raw", sha256: "0", size: 1 },
  { role: "image", name: "web.img.tar.gz", sha256: "1".repeat(64), size: 1 },
];

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    children[name] = inputs;
    types[name] = type;
    const build = { digest: `sha256:${"ab".repeat(32)}`, arch: inputs.arch ?? "amd64", path: "/cache/1", files };
    const state = {
      "linuxkit:index:ImageBuild": build,
      "linuxkit:index:GcpUpload": { ...inputs, source: "https://storage.googleapis.com/b/o.tar.gz" },
      "gcp:compute/instance:Instance": { ...inputs, instanceId: "1" },
    }[type] ?? { ...inputs, name, selfLink: `link-of-${name}`, diskSizeGb: 1 };
    return { id: `${name}-id`, state };
  },
  call: () => ({ project: "p", region: "", zone: "z", number: "7" }),
});

async function machine(args: Partial<MachineArgs>): Promise<Record<string, Record<string, unknown>>> {
  children = {};
  types = {};
  const { instanceId } = new Machine("web", { image: OS, instanceType: "e2-small", ...args });
  await new Promise((resolve) => instanceId.apply(resolve));
  return children;
}

describe("an image and a machine on Google Cloud", () => {
  test("upload the archive to a bucket of the stack, and label the image with the start of the digest", async () => {
    const {
      "web-image-upload": upload,
      "web-image-bucket": bucket,
      "web-image-image": image,
      "web-instance": instance,
    } = await machine({ tags: { team: "web" } });
    assert.deepEqual(
      [upload?.file, upload?.digest, upload?.bucket, upload?.project],
      ["/cache/1/web.img.tar.gz", `sha256:${"1".repeat(64)}`, "web-image-bucket", undefined],
    );
    assert.deepEqual([bucket?.location, bucket?.publicAccessPrevention, bucket?.labels], ["US", "enforced", { team: "web" }]);
    assert.deepEqual(
      [image?.labels, image?.name, image?.rawDisk],
      [
        { team: "web", "linuxkit-build": "ab".repeat(32).slice(0, 63) },
        undefined,
        { source: "https://storage.googleapis.com/b/o.tar.gz", containerType: "TAR" },
      ],
    );
    assert.deepEqual(
      [instance?.bootDisk, instance?.networkInterfaces, instance?.metadata],
      [{ initializeParams: { image: "link-of-web-image-image" } }, [{ network: "default", nicType: "GVNIC" }], undefined],
    );
  });

  test("upload to a given bucket only in the stack's project", async () => {
    const { "web-image-upload": upload, "web-image-bucket": bucket } = await machine({ bucket: "shared", tags: {} });
    assert.deepEqual([upload?.bucket, upload?.project, bucket], ["shared", "7", undefined]);
  });

  test("enforce Secure Boot if they have keys", async () => {
    const { "web-image-image": image, "web-instance": instance } = await machine({
      image: undefined,
      build: new ImageBuild("os", { image: OS, format: "gcp", secureBoot: pair }),
      secureBootKeys: keys,
    });
    const content = new X509Certificate(certificate).raw.toString("base64");
    const one = { content, fileType: "X509" };
    assert.deepEqual(image?.shieldedInstanceInitialState, { pk: one, keks: [one], dbs: [one] });
    assert.deepEqual(
      image?.guestOsFeatures,
      ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE", "SECURE_BOOT"].map((type) => ({ type })),
    );
    assert.deepEqual(instance?.shieldedInstanceConfig, { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true });
    const { "web-instance": plain } = await machine({ shielded: { tpm: false } });
    assert.deepEqual(plain?.shieldedInstanceConfig, { enableSecureBoot: false, enableVtpm: false, enableIntegrityMonitoring: false });
  });

  test("of arm64 have an image with that architecture, in place of the provider's own class", async () => {
    const { "web-image-image": image, "web-instance": instance } = await machine({ arch: "arm64", instanceType: "c4a-standard-1" });
    assert.deepEqual([types["web-image-image"], image?.architecture, image?.project], ["linuxkit:index:GcpImage", "ARM64", "p"]);
    assert.deepEqual(image?.rawDisk, { source: "https://storage.googleapis.com/b/o.tar.gz", containerType: "TAR" });
    assert.deepEqual(instance?.bootDisk, {
      initializeParams: { image: "link-of-web-image-image", type: "hyperdisk-balanced", size: 10 },
    });
    await machine({});
    assert.equal(types["web-image-image"], "gcp:compute/image:Image");
  });

  const DISKS: readonly (readonly [instanceType: string, given: MachineArgs["bootDisk"], boot: object, volume: string])[] = [
    ["e2-small", undefined, {}, "pd-balanced"],
    ["c3-standard-4", undefined, { type: "pd-balanced" }, "pd-balanced"],
    ["n4-standard-2", undefined, { type: "hyperdisk-balanced", size: 10 }, "hyperdisk-balanced"],
    ["n4-standard-2", { sizeGiB: 20 }, { type: "hyperdisk-balanced", size: 20 }, "hyperdisk-balanced"],
    ["e2-small", { type: "pd-ssd" }, { type: "pd-ssd" }, "pd-balanced"],
    ["z9-standard-2", undefined, {}, "pd-balanced"],
  ];
  for (const [instanceType, bootDisk, boot, volume] of DISKS)
    test(`of ${instanceType} with ${JSON.stringify(bootDisk) ?? "no word of disks"} have disks that the series has`, async () => {
      const image = OS.with({ volumes: [new Volume("data", { persistent: { serial: "data" } })] });
      const found = await machine({ image, instanceType, bootDisk, volumes: { data: { sizeGiB: 10 } } });
      assert.deepEqual(found["web-instance"]?.bootDisk, { initializeParams: { image: "link-of-web-image-image", ...boot } });
      assert.equal(found["web-data"]?.type, volume);
    });
});
