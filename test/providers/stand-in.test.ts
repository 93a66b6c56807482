import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";
import { PulumiArguments } from "../support/pulumi-arguments.ts";

describe("what a stand-in for a cloud's provider takes", () => {
  const packages = {
    aws: new PulumiArguments("@pulumi/aws"),
    gcp: new PulumiArguments("@pulumi/gcp"),
    "azure-native": new PulumiArguments("@pulumi/azure-native"),
  };
  const template = { machineType: "e2-small", disks: [{ boot: true, sourceImage: "projects/p/global/images/i" }] };
  const rows: readonly (readonly [token: string, inputs: Properties, wrong: Readonly<Record<string, string>>])[] = [
    [
      "aws:ec2/ami:Ami",
      { virtualizationType: "hvm", tags: { a: "b" }, ebsBlockDevices: [{ deviceName: "/dev/xvda", snapshotId: UNKNOWN }] },
      {},
    ],
    ["aws:ec2/ami:Ami", { bootmode: "uefi" }, { bootmode: "unsupported argument" }],
    ["aws:ec2/ami:Ami", { ebsBlockDevices: [{ snapshotId: "snap-1" }] }, { "ebsBlockDevices[0].deviceName": "missing required property" }],
    [
      "aws:ec2/ami:Ami",
      { enaSupport: "true", tags: { a: 1 } },
      { enaSupport: 'got "true", wanted a boolean', "tags.a": "got 1, wanted a string" },
    ],
    ["aws:ec2/placementGroup:PlacementGroup", { strategy: "scatter" }, { strategy: 'got "scatter", wanted one of spread, cluster' }],
    ["gcp:compute/instanceTemplate:InstanceTemplate", template, {}],
    [
      "gcp:compute/instanceTemplate:InstanceTemplate",
      { ...template, disks: [{ boot: true, image: "i" }] },
      { "disks[0].image": "unsupported argument" },
    ],
    [
      "gcp:compute/instanceTemplate:InstanceTemplate",
      { ...template, disks: { boot: true } },
      { disks: 'got {"boot":true}, wanted a list' },
    ],
    ["gcp:compute/instanceTemplate:InstanceTemplate", { disks: template.disks }, { machineType: "missing required property" }],
    [
      "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
      { ...template, shieldedInstanceConfig: { enableVtpm: true, enableTpm: true } },
      { "shieldedInstanceConfig.enableTpm": "unsupported argument" },
    ],
    [
      "azure-native:compute:Disk",
      {
        resourceGroupName: "g",
        osType: "Linux",
        hyperVGeneration: "V2",
        creationData: { createOption: "Upload", uploadSizeBytes: 20972032 },
      },
      {},
    ],
    [
      "azure-native:compute:Disk",
      { resourceGroupName: "g", osType: "linux", hyperVGeneration: "V3", creationData: { createOption: "Upload", size: 1 } },
      {
        osType: 'got "linux", wanted one of Windows, Linux',
        hyperVGeneration: 'got "V3", wanted one of V1, V2',
        "creationData.size": "unsupported argument",
      },
    ],
  ];
  for (const [token, inputs, wrong] of rows) {
    test(`${token} ${Object.keys(wrong).join(", ") || "as declared"}`, () => {
      const found = packages[token.split(":")[0] as keyof typeof packages].wrong(token, inputs);
      assert.deepEqual(Object.fromEntries(found.map(({ path, message }) => [path, message])), wrong);
    });
  }
  test("a type that the package lacks", () => assert.throws(() => packages.aws.wrong("aws:ec2/amy:Amy", {}), /ENOENT|has no/));
});
