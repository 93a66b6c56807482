import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Fleet, type FleetArgs, Machine, type MachineArgs, MachineImage, type MachineImageArgs } from "../../providers/azure/index.ts";
import { Image, ImageBuild, Kernel } from "../../sdk/index.ts";
import { assertRefused, registeredBy } from "../support/mocked-program.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"], healthPort: 8080 });
const SILENT = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });
const NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";
const common = {
  image: OS,
  resourceGroupName: "rg",
  subnetId: `${NETWORK}/virtualNetworks/net/subnets/default`,
  instanceType: "Standard_B2s",
};
const [mine, other] = [makeKeyPair(), makeKeyPair()];
const keys = (certificate: string) => ({ pk: certificate, keks: [certificate], dbs: [certificate] });

const image = (args: Partial<MachineImageArgs>) => () => new MachineImage("web", { resourceGroupName: "rg", image: OS, ...args });
const machine = (args: Partial<MachineArgs>) => () => new Machine("web", { ...common, ...args });
const fleet = (args: Partial<FleetArgs>) => () => new Fleet("web", { ...common, count: 2, ...args });
const signed = () => new ImageBuild("os", { image: OS, format: "vhd", secureBoot: mine });
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`tag${index}`, "x"]));

/** Programs that Azure would refuse after the upload, what is wrong with each, and where a rule says so. */
const PROGRAMS: readonly (readonly [what: string, program: () => unknown, message: string])[] = [
  [
    "an arm64 image on an amd64 size",
    machine({ arch: "arm64" }),
    "web: instanceType: got Standard_B2s, which is of amd64, wanted a size of arm64, the image's architecture",
  ],
  [
    "an amd64 image on an arm64 size",
    fleet({ instanceType: "Standard_D2ps_v6" }),
    "web: instanceType: got Standard_D2ps_v6, which is of arm64, wanted a size of amd64, the image's architecture",
  ],
  [
    "a size of generation 1",
    machine({ instanceType: "Standard_D2_v3" }),
    "web: instanceType: got Standard_D2_v3, wanted a size that starts images of generation 2, such as Standard_B2s",
  ],
  [
    "trusted launch on a size without it",
    machine({ instanceType: "Standard_D2ps_v5", arch: "arm64", trustedLaunch: true }),
    "web: trustedLaunch: got true, wanted nothing, or another instanceType: Azure has no trusted launch for Standard_D2ps_v5",
  ],
  [
    "Secure Boot on a size without trusted launch",
    machine({ instanceType: "Standard_M64", image: undefined, build: signed(), secureBootKeys: keys(mine.certificate) }),
    "web: secureBootKeys: got keys, wanted another instanceType: Azure has no trusted launch for Standard_M64, and no Secure Boot",
  ],
  [
    "a managed image on NVMe disks",
    machine({ instanceType: "Standard_D2s_v6", kind: "image", sshPublicKeys: ["ssh-ed25519 AAAA"] }),
    'web: instanceType: got Standard_D2s_v6 for a managed image, wanted kind "gallery", or a size with SCSI disks, such as Standard_B2s',
  ],
  [
    "keys for a build that is not signed",
    image({ secureBootKeys: keys(mine.certificate) }),
    'web: secureBootKeys: got keys for a build that is not signed, which would never start, wanted build: new ImageBuild(…, { format: "vhd", secureBoot: { key, certificate } })',
  ],
  [
    "keys that have not signed the build",
    image({ image: undefined, build: signed(), secureBootKeys: keys(other.certificate) }),
    "web: secureBootKeys.dbs: got no certificate that signed the build, wanted the certificate of its secureBoot among them",
  ],
  [
    "the build's own key among those that must not start",
    image({ image: undefined, build: signed(), secureBootKeys: { ...keys(mine.certificate), dbxs: [mine.certificate] } }),
    "web: secureBootKeys.dbxs: got the certificate that signed the build, wanted only those whose programs must not start",
  ],
  [
    "a key that is not a certificate",
    image({ image: undefined, build: signed(), secureBootKeys: keys("PEM") }),
    "secureBootKeys.dbs[0]: got text that is not a certificate, wanted one in PEM",
  ],
  [
    "keys without trusted launch",
    image({ image: undefined, build: signed(), secureBootKeys: keys(mine.certificate), trustedLaunch: false }),
    "web: secureBootKeys: got keys without trusted launch, wanted trustedLaunch: true too",
  ],
  [
    "a managed image with trusted launch",
    image({ kind: "image", trustedLaunch: true }),
    'web: trustedLaunch: got it for a managed image, wanted kind "gallery": managed images do not support it',
  ],
  [
    "a managed image of arm64",
    image({ kind: "image", arch: "arm64" }),
    'web: arch: got arm64 for a managed image, wanted kind "gallery": Azure has no managed images for arm64',
  ],
  [
    "a managed image that is copied",
    image({ kind: "image", copyTo: ["northeurope"] }),
    'web: copyTo: got regions for a managed image, wanted kind "gallery": a managed image is in one region',
  ],
  [
    "a managed image that is specialized",
    image({ kind: "image", generalized: false }),
    "web: generalized: got false for a managed image, wanted true: Azure starts only generalized managed images",
  ],
  [
    "a tag's key with a slash",
    image({ tags: { "a/b": "x" } }),
    'web: tags: got the key "a/b", wanted at most 512 characters without < > % & \\ ? /',
  ],
  [
    "a tag's value of 257 characters",
    machine({ tags: { a: "x".repeat(257) } }),
    "web: tags.a: got a value of 257 characters, wanted at most 256",
  ],
  ["49 tags", fleet({ tags: many(49) }), "web: tags: got 49 tags, wanted at most 48, because an image has 2 more"],
  [
    "user data of more than 64 KiB",
    machine({ userData: "x".repeat(65537) }),
    "web: userData: got 65537 bytes, wanted 1 to 65536; leave it out where there is none",
  ],
  ["empty user data", fleet({ userData: "" }), "web: userData: got 0 bytes, wanted 1 to 65536; leave it out where there is none"],
  [
    "the name of a subnet",
    machine({ subnetId: "default" }),
    'web: subnetId: got "default", wanted an id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/NAME/subnets/…',
  ],
  [
    "the name of a security group",
    machine({ securityGroupId: "web" }),
    'web: securityGroupId: got "web", wanted an id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/networkSecurityGroups/…',
  ],
  [
    "the principal of an identity",
    fleet({ identityId: "1234" }),
    'web: identityId: got "1234", wanted an id: /subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…',
  ],
  [
    "keys for a specialized image",
    machine({ sshPublicKeys: ["ssh-ed25519 AAAA"] }),
    "web: sshPublicKeys: got keys for an image that is not generalized, wanted none: put them in userData",
  ],
  [
    "a generalized image without keys",
    machine({ generalized: true }),
    "web: sshPublicKeys: got nothing, wanted at least one key: Azure adds an administrator to a generalized image",
  ],
  ["an empty list of keys", machine({ generalized: true, sshPublicKeys: [] }), "web: sshPublicKeys: got no key, wanted at least one"],
  [
    "an ECDSA key",
    fleet({ generalized: true, sshPublicKeys: ["ecdsa-sha2-nistp256 AAAA"] }),
    "web: sshPublicKeys[0]: got text of another form, wanted ssh-rsa or ssh-ed25519, and the key, as ssh-keygen writes it",
  ],
  [
    "an administrator called admin",
    machine({ generalized: true, sshPublicKeys: ["ssh-rsa AAAA"], adminUsername: "admin" }),
    'web: adminUsername: got "admin", wanted a name that Linux and Azure accept, such as linuxkit',
  ],
  [
    "a grace period of less than 10 minutes",
    fleet({ healthCheckGracePeriod: 599 }),
    "web: healthCheckGracePeriod: got 599, wanted a whole number from 600 to 5400 seconds: Azure waits 10 to 90 minutes",
  ],
  [
    "a grace period of more than 90 minutes",
    fleet({ healthCheckGracePeriod: 5401 }),
    "web: healthCheckGracePeriod: got 5401, wanted a whole number from 600 to 5400 seconds: Azure waits 10 to 90 minutes",
  ],
  [
    "more than 100 machines in one placement group",
    fleet({ count: 101 }),
    "web: count: got 101, wanted at most 100: a larger set spans placement groups, for good: transform: { scaleSet: { singlePlacementGroup: false } }",
  ],
  [
    "more machines than a set has",
    fleet({ count: 1001 }),
    "web: count: got 1001, wanted a whole number from 0 to 1000 machines, Azure's limit for a scale set",
  ],
  [
    "a part of a machine",
    fleet({ count: 1.5 }),
    "web: count: got 1.5, wanted a whole number from 0 to 1000 machines, Azure's limit for a scale set",
  ],
  [
    "more than all machines healthy",
    fleet({ minHealthyPercentage: 101 }),
    "web: minHealthyPercentage: got 101, wanted a whole number from 0 to 100 percent",
  ],
  ["a pause below zero", fleet({ instanceWarmup: -1 }), "web: instanceWarmup: got -1, wanted a whole number of at least 0 seconds"],
  ["a port above 65535", fleet({ healthPort: 70000 }), "web: healthPort: got 70000, wanted a whole number from 1 to 65535"],
  ["a further port of zero", fleet({ ports: [443, 0] }), "web: ports[1]: got 0, wanted a whole number from 1 to 65535"],
  ["a health path without a slash", fleet({ healthPath: "healthz" }), 'web: healthPath: got "healthz", wanted a path that begins with /'],
  [
    "the name of a pool",
    fleet({ backendPoolIds: ["pool"], healthProbeId: `${NETWORK}/loadBalancers/b/probes/p` }),
    'web: backendPoolIds[0]: got "pool", wanted an id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/loadBalancers/NAME/backendAddressPools/…',
  ],
  [
    "the name of a probe",
    fleet({ backendPoolIds: [`${NETWORK}/loadBalancers/b/backendAddressPools/p`], healthProbeId: "probe" }),
    'web: healthProbeId: got "probe", wanted an id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Network/loadBalancers/NAME/probes/…',
  ],
  [
    "a pool without a probe",
    fleet({ backendPoolIds: [`${NETWORK}/loadBalancers/b/backendAddressPools/p`] }),
    "web: backendPoolIds: got ids without healthProbeId, wanted both or neither",
  ],
  [
    "a fleet without a health port",
    fleet({ image: SILENT }),
    "web: healthPort: got nothing, wanted the port of the health probe: set healthPort here or in the image",
  ],
  [
    "a volume that the image does not have",
    machine({ volumes: { data: { sizeGiB: 1 } } }),
    'machine "web": volumes.data: no volume of the image has persistent: { serial: "data" }',
  ],
];

describe("a program for Azure is refused before anything is created:", () => {
  for (const [what, program, message] of PROGRAMS) test(what, () => assertRefused("Azure", program, message));

  test("nothing, where the program is right: its upload is registered", async () => {
    const found = await registeredBy(machine({}), "web-machine");
    assert.equal(found.get("web-image-upload")?.type, "linuxkit:index:AzureUpload");
  });
});
