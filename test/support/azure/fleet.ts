import assert from "node:assert/strict";
import { azureGate } from "../../../providers/azure/plugin/gate.ts";
import { azureUpload } from "../../../providers/azure/plugin/upload.ts";
import { rolloutGate } from "../../../providers/plugin/rollout-gate.ts";
import type { FleetCloud } from "../fleet/cloud.ts";
import { AzureFixture } from "./azure-fixture.ts";
import { makeCertificate, trust } from "./certificate.ts";
import { pulumiAzure } from "./pulumi-azure.ts";

const [DISKS, VERSIONS, SETS] = ["disks", "galleries/images/versions", "virtualMachineScaleSets"].map(
  (type) => `Microsoft.Compute/${type}`,
) as [string, string, string];

/** The Azure stand-ins over HTTPS, for the scenarios of `examples/azure-fleet`. */
export async function azureFleet(): Promise<FleetCloud> {
  const certificate = await makeCertificate();
  trust(certificate);
  const azure = await AzureFixture.start({ certificate });
  const { server } = azure;
  const { arm, scaleSets } = server;
  const subnetId = await azure.subnet();
  const existing = new Set(arm.resources.keys());
  const disks = (isWhole: (state: string) => boolean) =>
    arm.of(DISKS).flatMap((disk) => (isWhole(server.disks.stateOf(disk)) ? [disk.name] : []));
  const sets = () => arm.of(SETS).map((set) => scaleSets.of(set));
  return {
    example: "azure-fleet",
    config: { "azure-native:location": "westeurope", resourceGroupName: "rg", subnetId },
    env: server.environment,
    provider: pulumiAzure(server),
    types: (cacheDir) => ({
      "linuxkit:index:AzureUpload": azureUpload(cacheDir),
      "linuxkit:index:RolloutGate": rolloutGate({ azure: async () => azureGate(0.05) }),
    }),
    server,
    pieceAction: "Put Page",
    piecesSent: () => server.pagesPut,
    partialPieces: 3,
    startedUploads: () => disks(() => true),
    completedUploads: () => disks((state) => state === "Unattached"),
    unfinishedUploads: () => disks((state) => state !== "Unattached"),
    images: () => arm.of(VERSIONS).map(({ id }) => id),
    removeImage: (id) => void arm.resources.delete(id.toLowerCase()),
    versions: () => sets().flatMap(({ instances }) => instances.map(({ image }) => image.split("/").at(-1))),
    strayOne() {
      const [machine] = sets().flatMap(({ instances }) => instances);
      assert.ok(machine);
      const image = machine.image.replace(/[^/]+$/, "0.0.1");
      const storageProfile = { ...(machine.profile.storageProfile as object), imageReference: { id: image } };
      Object.assign(machine, { image, profile: { ...machine.profile, storageProfile } });
    },
    makeOthersUnhealthy({ imageId }) {
      scaleSets.isUnhealthy = (image) => image !== imageId.toLowerCase();
    },
    unhealthyReason: /on the new image: rolling Upgrade failed .*rolled back/,
    holdRollout({ imageId }) {
      scaleSets.stuck = (image) => image !== imageId.toLowerCase();
    },
    // a used version number is never reused
    checkRecovered: ({ version }) => assert.equal(version, "1.0.3"),
    clearFaults() {
      scaleSets.isUnhealthy = () => false;
      scaleSets.stuck = () => false;
    },
    remaining: () => [...arm.resources.keys()].filter((id) => !existing.has(id)),
    async [Symbol.asyncDispose]() {
      await azure[Symbol.asyncDispose]();
      await certificate[Symbol.asyncDispose]();
    },
  };
}
