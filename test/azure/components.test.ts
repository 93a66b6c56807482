import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { Fleet, type FleetArgs, Machine, type MachineArgs } from "../../providers/azure/index.ts";
import { Image, ImageBuild, Kernel } from "../../sdk/index.ts";
import { registeredBy } from "../support/mocked-program.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"], healthPort: 8080 });
const NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";
const common = { image: OS, resourceGroupName: "rg", subnetId: `${NETWORK}/virtualNetworks/net/subnets/default` };
const pair = makeKeyPair();

interface Profile {
  readonly securityProfile?: { readonly uefiSettings?: unknown };
  readonly storageProfile: { readonly diskControllerType?: string };
}

async function machine(args: Partial<MachineArgs> & { readonly name?: string }): Promise<Profile> {
  const { name = "web", ...more } = args;
  const found = await registeredBy(
    () => new Machine(name, { ...common, instanceType: "Standard_B2s", ...more } as MachineArgs),
    `${name}-machine`,
  );
  return found.get(`${name}-machine`)?.inputs as unknown as Profile;
}

async function fleet(args: Partial<FleetArgs> & { readonly name?: string }) {
  const { name = "web", ...more } = args;
  return registeredBy(() => new Fleet(name, { ...common, instanceType: "Standard_B2s", count: 2, ...more } as FleetArgs), `${name}-health`);
}

const TRUSTED = { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: false, vTpmEnabled: true } };

describe("a machine and a fleet on Azure", () => {
  const SIZES: readonly (readonly [instanceType: string, arch: "amd64" | "arm64", security: unknown, controller: string | undefined])[] = [
    ["Standard_B2s", "amd64", TRUSTED, undefined],
    ["Standard_M64", "amd64", undefined, undefined],
    ["Standard_D2ps_v5", "arm64", undefined, undefined],
    ["Standard_D2plds_v5", "arm64", undefined, undefined],
    ["Standard_D2ps_v6", "arm64", TRUSTED, "NVMe"],
    ["Standard_D2as_v6", "amd64", TRUSTED, "NVMe"],
  ];
  for (const [instanceType, arch, security, controller] of SIZES)
    for (const size of [instanceType, output(instanceType)])
      test(`get what ${instanceType} has, ${typeof size === "string" ? "as text" : "as an Output"}`, async () => {
        const { securityProfile, storageProfile } = await machine({ instanceType: size, arch });
        assert.deepEqual([securityProfile, storageProfile.diskControllerType], [security, controller]);
        const profile = (await fleet({ instanceType: size, arch })).get("web-set")?.inputs.virtualMachineProfile as Profile;
        assert.deepEqual([profile.securityProfile, profile.storageProfile.diskControllerType], [security, controller]);
      });

  test("without trusted launch name no security type: Azure refuses Standard in most subscriptions", async () => {
    assert.equal((await machine({ trustedLaunch: false })).securityProfile, undefined);
  });

  test("start by Secure Boot from a build that one of its keys has signed", async () => {
    const build = () => new ImageBuild("os", { image: OS, format: "vhd", secureBoot: pair });
    const { certificate } = pair;
    const { securityProfile } = await machine({
      image: undefined,
      build: build(),
      secureBootKeys: { pk: certificate, keks: [certificate], dbs: [makeKeyPair().certificate, certificate] },
    });
    assert.deepEqual(securityProfile?.uefiSettings, { secureBootEnabled: true, vTpmEnabled: true });
  });

  test("start from an image whose definition takes NVMe disks", async () => {
    const found = await fleet({});
    assert.deepEqual(found.get("web-image-definition")?.inputs.features, [
      { name: "DiskControllerTypes", value: "SCSI, NVMe" },
      { name: "SecurityType", value: "TrustedLaunchSupported" },
    ]);
  });

  test("have names that Azure accepts, whatever the program calls them", async () => {
    const name = `${"long".repeat(20)}_end-`;
    const found = await fleet({ name });
    const { identifier } = found.get(`${name}-image-definition`)?.inputs ?? {};
    const texts = Object.values(identifier as Record<string, string>);
    assert.equal(texts.length, 3);
    for (const text of texts) assert.match(text, /^[A-Za-z0-9][\w-]{1,62}[A-Za-z0-9]$/);
    const { loadBalancerName } = found.get(`${name}-balancer`)?.inputs ?? {};
    const { galleryName } = found.get(`${name}-image-gallery`)?.inputs ?? {};
    const { scaleSet } = found.get(`${name}-gate`)?.inputs ?? {};
    for (const text of [loadBalancerName, galleryName, scaleSet]) assert.match(String(text), /^[A-Za-z0-9].*[A-Za-z0-9]$/);
  });

  test("with more than 100 machines name their placement", async () => {
    const found = await fleet({ count: 150, transform: { scaleSet: { singlePlacementGroup: false } } });
    assert.equal(found.get("web-set")?.inputs.singlePlacementGroup, false);
  });
});
