import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Asked } from "../support/azure/arm-client.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";

const VMS = "Microsoft.Compute/virtualMachines";
const DISKS = "Microsoft.Compute/disks";
const NICS = "Microsoft.Network/networkInterfaces";
const osProfile = {
  adminUsername: "linuxkit",
  computerName: "m",
  linuxConfiguration: {
    disablePasswordAuthentication: true,
    ssh: { publicKeys: [{ path: "/home/linuxkit/.ssh/authorized_keys", keyData: "ssh-ed25519 AAAA test" }] },
  },
};
const TRUSTED = { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } };

describe("machines in the Azure stand-in", { timeout: 60_000 }, () => {
  let azure: AzureFixture;
  const ids: Record<string, string> = {};
  before(async () => {
    azure = await AzureFixture.start();
    const disk = await azure.disk("d");
    await azure.definition();
    ids.special = await azure.version("1.0.0", disk);
    await azure.definition("general", { osState: "Generalized", features: undefined as never });
    ids.general = await azure.version("1.0.0", disk, "general");
    const arm = await azure.disk("arm", { supportedCapabilities: { architecture: "Arm64" } });
    await azure.definition("arm", {
      architecture: "Arm64",
      features: [
        { name: "SecurityType", value: "TrustedLaunchSupported" },
        { name: "DiskControllerTypes", value: "SCSI, NVMe" },
      ],
    });
    ids.arm = await azure.version("1.0.0", arm, "arm");
    ids.subnet = await azure.subnet();
    for (const name of ["nic", "nic2", "nic3"])
      ids[name] = await azure.make(`${NICS}/${name}`, { ipConfigurations: [{ name: "ip", properties: { subnet: { id: ids.subnet } } }] });
    for (const name of ["v1", "v2"])
      ids[name] = await azure.make(`${DISKS}/${name}`, { creationData: { createOption: "Empty" }, diskSizeGB: 8 });
  });
  after(() => azure[Symbol.asyncDispose]());

  const machine = ({
    image = ids.special,
    size = "Standard_B2s",
    nic = ids.nic,
    nicOption,
    volumes = [],
    osDisk = {},
    ...more
  }: {
    image?: string | undefined;
    size?: string;
    nic?: string | undefined;
    nicOption?: string;
    volumes?: readonly (readonly [number, string])[];
    osDisk?: object;
    [name: string]: unknown;
  } = {}) => ({
    hardwareProfile: { vmSize: size },
    storageProfile: {
      imageReference: { id: image },
      osDisk: { createOption: "FromImage", ...osDisk },
      dataDisks: volumes.map(([lun, name]) => ({ lun, createOption: "Attach", managedDisk: { id: ids[name] } })),
    },
    networkProfile: { networkInterfaces: [{ id: nic, properties: { primary: true, ...(nicOption && { deleteOption: nicOption }) } }] },
    ...more,
  });
  const nvme = ({ storageProfile, ...more }: ReturnType<typeof machine>) => ({
    ...more,
    storageProfile: { ...storageProfile, diskControllerType: "NVMe" },
  });
  const put = (properties: unknown, name = "m", beside?: Record<string, unknown>) => azure.put(`${VMS}/${name}`, properties, beside);
  const base64 = (text: string) => Buffer.from(text).toString("base64");

  const REQUESTS: readonly { readonly what: string; readonly ask: () => Promise<Asked>; readonly refused?: string }[] = [
    { what: "a machine", ask: () => put(machine({ userData: base64("one"), volumes: [[0, "v1"]], securityProfile: TRUSTED })) },
    { what: "a change of user data", ask: () => put(machine({ userData: base64("two"), volumes: [[0, "v1"]] })) },
    {
      what: "a change of the image",
      ask: () => put(machine({ image: ids.general, volumes: [[0, "v1"]] })),
      refused: "409 PropertyChangeNotAllowed",
    },
    { what: "the network interface of another machine", ask: () => put(machine({}), "n"), refused: "409 OperationNotAllowed" },
    {
      what: "the disk of another machine",
      ask: () => put(machine({ nic: ids.nic2, volumes: [[0, "v1"]] }), "n"),
      refused: "409 AttachDiskWhileBeingDetached",
    },
    {
      what: "the same lun twice",
      ask: () =>
        put(
          machine({
            nic: ids.nic2,
            volumes: [
              [0, "v2"],
              [0, "v1"],
            ],
          }),
          "n",
        ),
      refused: "400 InvalidParameter",
    },
    {
      what: "a lun out of range",
      ask: () => put(machine({ nic: ids.nic2, volumes: [[64, "v2"]] }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "a missing image",
      ask: () => put(machine({ nic: ids.nic2, image: `${ids.special}1` }), "n"),
      refused: "404 GalleryImageNotFound",
    },
    {
      what: "an image in another region",
      ask: () => put(machine({ nic: ids.nic2 }), "n", { location: "northeurope" }),
      refused: "404 GalleryImageNotFound",
    },
    {
      what: "a definition, which means its latest version",
      ask: () => put(machine({ nic: ids.nic3, image: ids.special?.replace(/\/versions.*/, "") }), "latest"),
    },
    {
      what: "a size with another architecture",
      ask: () => put(machine({ nic: ids.nic2, size: "Standard_D2ps_v5" }), "n"),
      refused: "400 BadRequest",
    },
    {
      what: "an unknown size",
      ask: () => put(machine({ nic: ids.nic2, size: "t3.micro" }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "trusted launch of an image without support for it",
      ask: () => put(machine({ nic: ids.nic2, image: ids.general, osProfile, securityProfile: TRUSTED }), "n"),
      refused: "400 BadRequest",
    },
    {
      what: "trusted launch on an Ampere size",
      ask: () => put(machine({ nic: ids.nic2, image: ids.arm, size: "Standard_D2ps_v5", securityProfile: TRUSTED }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "the security type Standard, which is newer than this API version",
      ask: () => put(machine({ nic: ids.nic2, securityProfile: { securityType: "Standard" } }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "SCSI disks on a size of generation 6",
      ask: () => put(machine({ nic: ids.nic2, image: ids.arm, size: "Standard_D2ps_v6" }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "NVMe disks for an image that does not name them",
      ask: () => put(nvme(machine({ nic: ids.nic2, size: "Standard_D2s_v6" })), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "NVMe disks on a size that has none",
      ask: () => put(nvme(machine({ nic: ids.nic2, image: ids.arm, size: "Standard_D2ps_v5" })), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "an image of generation 2 on a size that starts generation 1",
      ask: () => put(machine({ nic: ids.nic2, size: "Standard_D2_v3" }), "n"),
      refused: "400 BadRequest",
    },
    {
      what: "UEFI settings without trusted launch",
      ask: () => put(machine({ nic: ids.nic2, securityProfile: { uefiSettings: { vTpmEnabled: true } } }), "n"),
      refused: "400 BadRequest",
    },
    {
      what: "an administrator on a specialized image",
      ask: () => put(machine({ nic: ids.nic2, osProfile }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "a generalized image without an administrator",
      ask: () => put(machine({ nic: ids.nic2, image: ids.general }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "an administrator called admin",
      ask: () => put(machine({ nic: ids.nic2, image: ids.general, osProfile: { ...osProfile, adminUsername: "admin" } }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "an SSH key outside the administrator's home",
      ask: () => put(machine({ nic: ids.nic2, image: ids.general, osProfile: { ...osProfile, adminUsername: "else" } }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "user data that is not Base64",
      ask: () => put(machine({ nic: ids.nic2, userData: "role=web" }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "user data of more than 64 KiB",
      ask: () => put(machine({ nic: ids.nic2, userData: base64("x".repeat(65537)) }), "n"),
      refused: "400 InvalidParameter",
    },
    {
      what: "a missing identity",
      ask: () =>
        put(machine({ nic: ids.nic2 }), "n", { identity: { type: "UserAssigned", userAssignedIdentities: { [`${ids.subnet}x`]: {} } } }),
      refused: "400 FailedIdentityOperation",
    },
    {
      what: "a network interface reference without its properties level",
      ask: () => put({ ...machine({ nic: ids.nic2 }), networkProfile: { networkInterfaces: [{ id: ids.nic2, primary: true }] } }, "n"),
      refused: "400 InvalidRequestContent",
    },
    { what: "deleting the network interface of a machine", ask: () => azure.client.ask("DELETE", `${NICS}/nic`), refused: "400 NicInUse" },
    { what: "deleting the disk of a machine", ask: () => azure.client.ask("DELETE", `${DISKS}/v1`), refused: "409 OperationNotAllowed" },
    {
      what: "a network interface in a missing subnet",
      ask: () => azure.put(`${NICS}/x`, { ipConfigurations: [{ name: "ip", properties: { subnet: { id: `${ids.subnet}x` } } }] }),
      refused: "400 InvalidResourceReference",
    },
    {
      what: "a dynamic public address",
      ask: () => azure.put("Microsoft.Network/publicIPAddresses/x", { publicIPAllocationMethod: "Dynamic" }, { sku: { name: "Standard" } }),
      refused: "400 PublicIPAndSkuAllocationMethodMismatch",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const { status, code, body } = await ask();
      if (refused === undefined) assert.deepEqual([code, body.status], [undefined, "Succeeded"], JSON.stringify(body));
      else assert.equal(`${status} ${code}`, refused);
    });
  }

  test("a subscription with trusted launch by default turns it on for an image and a size that support it", async () => {
    const { features } = azure.server.machines;
    const typeOf = async (name: string, more: object) => {
      const nic = await azure.make(`${NICS}/nic-${name}`, {
        ipConfigurations: [{ name: "ip", properties: { subnet: { id: ids.subnet } } }],
      });
      await azure.make(`${VMS}/${name}`, machine({ nic, ...more }));
      const { securityProfile } = (await azure.client.ask("GET", `${VMS}/${name}`)).body.properties as {
        securityProfile?: { securityType: string };
      };
      return securityProfile?.securityType;
    };
    features.add("TrustedLaunchByDefaultPreview");
    try {
      assert.equal(await typeOf("default1", {}), "TrustedLaunch");
      assert.equal(await typeOf("default2", { image: ids.arm, size: "Standard_D2ps_v5" }), undefined);
      assert.equal(await typeOf("default3", { image: ids.general, osProfile }), undefined);
    } finally {
      features.clear();
    }
  });

  test("deleting a machine keeps its volume, and keeps its OS disk and interface unless deleteOption is Delete", async () => {
    const left = async () =>
      (await Promise.all([`${DISKS}/v1`, `${DISKS}/system`, `${NICS}/nic2`].map((path) => azure.client.ask("GET", path)))).map(
        ({ status }) => status,
      );
    await put(machine({ volumes: [] }));
    await azure.make(`${VMS}/kept`, machine({ nic: ids.nic2, volumes: [[3, "v1"]], osDisk: { name: "system" } }));
    await azure.client.settled("DELETE", `${VMS}/kept`);
    assert.deepEqual(await left(), [200, 200, 200]);
    await azure.client.settled("DELETE", `${DISKS}/system`);
    await azure.make(
      `${VMS}/gone`,
      machine({ nic: ids.nic2, nicOption: "Delete", volumes: [[3, "v1"]], osDisk: { name: "system", deleteOption: "Delete" } }),
    );
    await azure.client.settled("DELETE", `${VMS}/gone`);
    assert.deepEqual(await left(), [200, 404, 404]);
  });

  test("a machine shows its identities", async () => {
    const identity = await azure.make("Microsoft.ManagedIdentity/userAssignedIdentities/services", {});
    const nic = await azure.make(`${NICS}/nic5`, { ipConfigurations: [{ name: "ip", properties: { subnet: { id: ids.subnet } } }] });
    await azure.make(`${VMS}/acts`, machine({ nic }), {
      identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [identity]: {} } },
    });
    const { principalId, tenantId, userAssignedIdentities } = (await azure.client.ask("GET", `${VMS}/acts`)).body.identity as unknown as {
      principalId: string;
      tenantId: string;
      userAssignedIdentities: Record<string, { principalId: string }>;
    };
    const { principalId: ofUser } = (await azure.client.ask("GET", "Microsoft.ManagedIdentity/userAssignedIdentities/services")).body
      .properties as { principalId: string };
    assert.deepEqual([tenantId, userAssignedIdentities[identity]?.principalId], [azure.server.entra.tenant, ofUser]);
    assert.match(principalId, /^[\da-f]{8}-[\da-f-]{27}$/);
  });

  test("a generalized machine that never reports ready fails", async () => {
    azure.server.machines.silent.add((ids.general as string).toLowerCase());
    const nic = await azure.make(`${NICS}/nic4`, { ipConfigurations: [{ name: "ip", properties: { subnet: { id: ids.subnet } } }] });
    const { body } = await put(machine({ nic, image: ids.general, osProfile }), "silent");
    assert.deepEqual([body.status, (body.error as { code: string }).code], ["Failed", "OSProvisioningTimedOut"]);
  });
});
