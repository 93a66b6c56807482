import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Asked } from "../support/azure/arm-client.ts";
import { AzureFixture, versionOf } from "../support/azure/azure-fixture.ts";

const GALLERIES = "Microsoft.Compute/galleries";
const IMAGES = `${GALLERIES}/gallery/images`;
const definition = (sku: string, more: Record<string, unknown> = {}) => ({
  osType: "Linux",
  osState: "Specialized",
  hyperVGeneration: "V2",
  identifier: { publisher: "p", offer: "o", sku },
  ...more,
});

describe("images in the Azure stand-in", { timeout: 60_000 }, () => {
  let azure: AzureFixture;
  let disk: string;
  before(async () => {
    azure = await AzureFixture.start();
    disk = await azure.disk("d");
    await azure.definition();
    await azure.definition("arm", { architecture: "Arm64", identifier: { publisher: "p", offer: "o", sku: "arm" } });
    await azure.make(`${IMAGES}/first`, { ...definition("first"), hyperVGeneration: "V1" });
    await azure.make(`${IMAGES}/trusted`, definition("trusted", { features: [{ name: "SecurityType", value: "TrustedLaunch" }] }));
    await azure.make(`${IMAGES}/plain`, definition("plain"));
    await azure.make("Microsoft.Storage/storageAccounts/images", {}, { kind: "StorageV2", sku: { name: "Standard_LRS" } });
    await azure.make("Microsoft.Compute/disks/empty", {
      osType: "Linux",
      hyperVGeneration: "V2",
      creationData: { createOption: "Upload", uploadSizeBytes: (20 << 20) + 512 },
    });
  });
  after(() => azure[Symbol.asyncDispose]());

  const version = (path: string, more?: object, from = disk) =>
    azure.put(`${IMAGES}/${path.replace("/", "/versions/")}`, versionOf(from, more as never));
  const blobVersion = (number: string, uri: string, account = "images") =>
    azure.put(`${IMAGES}/os/versions/${number}`, {
      storageProfile: {
        osDiskImage: { source: { uri, storageAccountId: azure.client.id(`Microsoft.Storage/storageAccounts/${account}`) } },
      },
    });
  const image = (name: string, more: object = {}, beside?: Record<string, unknown>) =>
    azure.put(
      `Microsoft.Compute/images/${name}`,
      {
        hyperVGeneration: "V2",
        storageProfile: { osDisk: { osType: "Linux", osState: "Generalized", managedDisk: { id: disk } } },
        ...more,
      },
      beside,
    );
  const uefi = {
    uefiSettings: { signatureTemplateNames: ["NoSignatureTemplate"], additionalSignatures: { pk: { type: "x509", value: ["AAAA"] } } },
  };
  const REQUESTS: readonly { readonly what: string; readonly ask: () => Promise<Asked>; readonly refused?: string }[] = [
    { what: "a gallery with a hyphen", ask: () => azure.put(`${GALLERIES}/my-gallery`, {}), refused: "400 InvalidParameter" },
    {
      what: "a definition in a missing gallery",
      ask: () => azure.put(`${GALLERIES}/none/images/os`, definition("x")),
      refused: "404 ParentResourceNotFound",
    },
    {
      what: "a second definition with the same publisher, offer and sku",
      ask: () => azure.put(`${IMAGES}/twin`, definition("os")),
      refused: "409 Conflict",
    },
    {
      what: "a definition without an identifier",
      ask: () => azure.put(`${IMAGES}/x`, definition("x", { identifier: undefined })),
      refused: "400 InvalidParameter",
    },
    {
      what: "trusted launch with generation 1",
      ask: () =>
        azure.put(`${IMAGES}/x`, definition("x", { hyperVGeneration: "V1", features: [{ name: "SecurityType", value: "TrustedLaunch" }] })),
      refused: "400 InvalidParameter",
    },
    {
      what: "an unknown security type",
      ask: () => azure.put(`${IMAGES}/x`, definition("x", { features: [{ name: "SecurityType", value: "Trusted" }] })),
      refused: "400 InvalidParameter",
    },
    {
      what: "a change of a definition's generation",
      ask: () => azure.put(`${IMAGES}/os`, definition("os", { hyperVGeneration: "V1" })),
      refused: "409 PropertyChangeNotAllowed",
    },
    { what: "a version", ask: () => version("os/1.0.0") },
    { what: "a version with UEFI keys", ask: () => version("os/1.0.1", { securityProfile: uefi }) },
    { what: "a version called latest", ask: () => version("os/latest"), refused: "400 InvalidParameter" },
    { what: "a version with two numbers", ask: () => version("os/1.0"), refused: "400 InvalidParameter" },
    { what: "a version with too large a number", ask: () => version("os/1.0.2147483648"), refused: "400 InvalidParameter" },
    {
      what: "a change of a version's disk",
      ask: () => version("os/1.0.0", {}, `${disk}2`),
      refused: "409 PropertyChangeNotAllowed",
    },
    {
      what: "a change of a version's regions",
      ask: () =>
        version("os/1.0.0", {
          publishingProfile: { targetRegions: [{ name: "westeurope" }, { name: "North Europe", regionalReplicaCount: 2 }] },
        }),
    },
    {
      what: "a version without its own region",
      ask: () => version("os/1.0.2", { publishingProfile: { targetRegions: [{ name: "northeurope" }] } }),
      refused: "400 InvalidParameter",
    },
    { what: "a version of a missing disk", ask: () => version("os/1.0.2", {}, `${disk}2`), refused: "404 ResourceNotFound" },
    {
      what: "a version of an empty disk",
      ask: () => version("os/1.0.2", {}, azure.client.id("Microsoft.Compute/disks/empty")),
      refused: "409 OperationNotAllowed",
    },
    { what: "a version whose generation differs from its definition", ask: () => version("first/1.0.0"), refused: "400 InvalidParameter" },
    { what: "a version whose architecture differs from its definition", ask: () => version("arm/1.0.0"), refused: "400 InvalidParameter" },
    {
      what: "UEFI keys without trusted launch",
      ask: () => version("plain/1.0.0", { securityProfile: uefi }),
      refused: "400 InvalidParameter",
    },
    { what: "a version of a blob", ask: () => blobVersion("1.1.0", "https://images.blob.core.windows.net/c/os.vhd") },
    {
      what: "a version of a blob without the suffix .vhd",
      ask: () => blobVersion("1.1.1", "https://images.blob.core.windows.net/c/os"),
      refused: "400 InvalidParameter",
    },
    {
      what: "a version of a blob in another account",
      ask: () => blobVersion("1.1.1", "https://others.blob.core.windows.net/c/os.vhd"),
      refused: "400 InvalidParameter",
    },
    {
      what: "a version of a blob in a missing account",
      ask: () => blobVersion("1.1.1", "https://images.blob.core.windows.net/c/os.vhd", "none"),
      refused: "404 ResourceNotFound",
    },
    {
      what: "UEFI keys with the security type TrustedLaunch",
      ask: () => version("trusted/1.0.0", { securityProfile: uefi }),
      refused: "400 InvalidParameter",
    },
    {
      what: "deleting a definition that has versions",
      ask: () => azure.client.ask("DELETE", `${IMAGES}/os`),
      refused: "409 CannotDeleteResource",
    },
    {
      what: "deleting a gallery that has definitions",
      ask: () => azure.client.ask("DELETE", `${GALLERIES}/gallery`),
      refused: "409 CannotDeleteResource",
    },
    { what: "a managed image", ask: () => image("i") },
    {
      what: "a managed image whose generation differs from its disk",
      ask: () => image("j", { hyperVGeneration: "V1" }),
      refused: "400 InvalidParameter",
    },
    {
      what: "a managed image in another region than its disk",
      ask: () => image("j", {}, { location: "northeurope" }),
      refused: "400 InvalidParameter",
    },
    {
      what: "a change of a managed image's disk",
      ask: () => image("i", { storageProfile: { osDisk: { osType: "Linux", osState: "Generalized", managedDisk: { id: `${disk}2` } } } }),
      refused: "409 PropertyChangeNotAllowed",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const { status, code, body } = await ask();
      if (refused === undefined) assert.deepEqual([code, body.status], [undefined, "Succeeded"], JSON.stringify(body));
      else assert.equal(`${status} ${code}`, refused);
    });
  }

  test("a version reports its replication", async () => {
    const { body } = await azure.client.ask("GET", `${IMAGES}/os/versions/1.0.0?$expand=ReplicationStatus`);
    assert.match(JSON.stringify(body), /"aggregatedState":"Completed".*"region":"northeurope","state":"Completed"/);
  });

  test("versions and then their definition can be deleted", async () => {
    for (const path of [`${IMAGES}/os/versions/1.0.0`, `${IMAGES}/os/versions/1.0.1`, `${IMAGES}/os/versions/1.1.0`, `${IMAGES}/os`]) {
      await azure.client.settled("DELETE", path);
      assert.equal((await azure.client.ask("GET", path)).status, 404);
    }
  });
});
