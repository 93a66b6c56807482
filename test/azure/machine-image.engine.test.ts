import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { Azurite } from "../support/azure/azurite.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";

interface Program {
  readonly page?: string;
  readonly kind?: "image";
  readonly storage?: { readonly accountId: string; readonly container: string };
  readonly copyTo?: readonly string[];
  readonly version?: string;
  readonly retainOnDelete?: boolean;
  /** Adds a machine with an administrator. */
  readonly machine?: boolean;
}

function program({ page = "one", machine = false, ...args }: Program = {}): string {
  return `
import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Machine, MachineImage } from "pulumi-linuxkit/azure";
const config = new Config();
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "azure" }) })],
  services: [new Service("web", { image: debian.packages({ packages: ["busybox-static"], files: [{ path: "page", contents: "${page}" }], command: ["busybox", "sleep", "9999"] }) })],
});
const resourceGroupName = "rg";
const image = new MachineImage("web", { resourceGroupName, image: os, ...${JSON.stringify(args)} });
${machine ? `new Machine("web", { resourceGroupName, subnetId: config.require("subnetId"), instanceType: "Standard_B2s", machineImage: image, sshPublicKeys: ["ssh-ed25519 AAAA test"] });` : ""}
export const { imageId } = image;
export const name = image.nodes.upload.name;
`;
}

const [DISKS, VERSIONS, IMAGES, MACHINES] = ["disks", "galleries/images/versions", "images", "virtualMachines"].map(
  (type) => `Microsoft.Compute/${type}`,
) as [string, string, string, string];

describe("a machine image on Azure, under the real engine", { timeout: 600_000 }, () => {
  let certificate: Certificate;
  let azure: AzureFixture;
  let azurite: Azurite;
  let server: AzureServer;
  let stack: Stack;
  let storage: NonNullable<Program["storage"]>;
  let existing: ReadonlySet<string>;
  const show = (what: Program) => stack.write("index.js", program(what));
  const outputs = async () => (await stack.outputs()) as { imageId: string; name: string };
  const counts = (...types: string[]) => types.map((type) => server.arm.of(type).length);
  const propertiesOf = (type: string) => server.arm.of(type)[0]?.body.properties as Record<string, never> | undefined;
  /** Status and size of a blob. */
  const blob = async (name: string): Promise<{ readonly status: number; readonly bytes: number }> => {
    const response = await fetch(azurite.address("disks", name), { headers: { "x-ms-version": "2023-11-03" } });
    return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
  };

  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    [azure, azurite] = await Promise.all([AzureFixture.start({ certificate }), Azurite.start(certificate)]);
    ({ server } = azure);
    server.storage.endpoints.set("images", azurite.url);
    storage = {
      accountId: await azure.make("Microsoft.Storage/storageAccounts/images", {}, { kind: "StorageV2", sku: { name: "Standard_LRS" } }),
      container: "disks",
    };
    await azurite.container("disks");
    const subnetId = await azure.subnet();
    existing = new Set(server.arm.resources.keys());
    stack = await makeStack({
      files: { "index.js": program() },
      others: [pulumiAzure(server)],
      config: { "azure-native:location": "westeurope", subnetId },
      env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await Promise.all([azure, azurite].map((each) => each[Symbol.asyncDispose]()));
    await certificate[Symbol.asyncDispose]();
  });

  test("is a gallery image version with the requested regions and number", async () => {
    await show({ version: "2.1", copyTo: ["northeurope"] });
    await stack.up();
    const { imageId, name } = await outputs();
    assert.match(imageId, /\/versions\/2\.1\.0$/);
    assert.deepEqual(
      (
        propertiesOf(VERSIONS) as unknown as { publishingProfile: { targetRegions: { name: string }[] } }
      ).publishingProfile.targetRegions.map((region) => region.name),
      ["westeurope", "northeurope"],
    );
    assert.deepEqual(
      server.arm.of(DISKS).map((disk) => disk.name),
      [name],
    );
    assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
  });

  test("a changed image gets the next number, and the old version is deleted before its disk", async () => {
    await show({ page: "two", version: "2.1" });
    const up = await stack.up();
    assert.match((await outputs()).imageId, /\/versions\/2\.1\.1$/);
    assert.deepEqual(counts(DISKS, VERSIONS), [1, 1]);
    const gone = up.steps.filter(({ op }) => op === "delete-replaced").map(({ type }) => type);
    assert.ok(
      gone.indexOf("azure-native:compute:GalleryImageVersion") >= 0 &&
        gone.indexOf("azure-native:compute:GalleryImageVersion") < gone.indexOf("linuxkit:index:AzureUpload"),
      gone.join(),
    );
  });

  test("with a storage account, the version is made from a page blob", async () => {
    await show({ page: "two", version: "2.1", storage });
    await stack.up();
    const { name } = await outputs();
    assert.deepEqual(
      (propertiesOf(VERSIONS) as unknown as { storageProfile: { osDiskImage: { source: unknown } } }).storageProfile.osDiskImage.source,
      { uri: `${azurite.url}/disks/${name}`, storageAccountId: storage.accountId },
    );
    const { status, bytes } = await blob(name);
    // a multiple of 1 MiB, plus the footer
    assert.deepEqual([status, bytes % (1 << 20), counts(DISKS)], [200, 512, [0]]);
  });

  test("a managed image starts machines with an administrator, and destroy deletes its blob", async () => {
    await show({ page: "two", kind: "image", storage, machine: true });
    await stack.up();
    const { imageId, name } = await outputs();
    assert.match(imageId, /\/Microsoft\.Compute\/images\//);
    assert.deepEqual(counts(VERSIONS, IMAGES, MACHINES), [0, 1, 1]);
    const { osProfile, securityProfile } = propertiesOf(MACHINES) as unknown as {
      osProfile: { adminUsername: string };
      securityProfile?: unknown;
    };
    assert.deepEqual([osProfile.adminUsername, securityProfile], ["linuxkit", undefined]);
    await stack.destroy();
    assert.equal((await blob(name)).status, 404);
    assert.deepEqual(
      [...server.arm.resources.keys()].filter((id) => !existing.has(id)),
      [],
    );
  });

  test("a retained image survives destroy, with its disk", async () => {
    await show({ page: "two", kind: "image", retainOnDelete: true });
    await stack.up();
    await stack.destroy();
    assert.deepEqual(counts(DISKS, IMAGES), [1, 1]);
  });
});
