import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { runtime } from "@pulumi/pulumi";
import { Machine, type MachineArgs } from "../../providers/gcp/index.ts";
import { Image, Kernel } from "../../sdk/index.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });
const { certificate } = makeKeyPair();
const keys = { pk: certificate, keks: [certificate], dbs: [certificate] };

let children: Record<string, Record<string, unknown>> = {};
const files = [
  { role: "image", name: "web.raw", sha256: "0", size: 1 },
  { role: "image", name: "web.img.tar.gz", sha256: "1".repeat(64), size: 1 },
];

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    children[name] = inputs;
    const build = { digest: `sha256:${"ab".repeat(32)}`, arch: inputs.arch ?? "amd64", path: "/cache/1", files };
    const state = {
      "linuxkit:index:ImageBuild": build,
      "linuxkit:index:GcpUpload": { ...inputs, source: "https://storage.googleapis.com/b/o.tar.gz" },
      "gcp:compute/instance:Instance": { ...inputs, instanceId: "1" },
    }[type] ?? { ...inputs, name, selfLink: `link-of-${name}` };
    return { id: `${name}-id`, state };
  },
  call: () => ({ project: "p", region: "", zone: "z", number: "7" }),
});

async function machine(args: Partial<MachineArgs>): Promise<Record<string, Record<string, unknown>>> {
  children = {};
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
    const { "web-image-image": image, "web-instance": instance } = await machine({ secureBootKeys: keys });
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

  test("set the architecture on the boot disk", async () => {
    const { "web-instance": instance } = await machine({ arch: "arm64" });
    assert.deepEqual(instance?.bootDisk, { initializeParams: { image: "link-of-web-image-image", architecture: "ARM64" } });
  });
});
