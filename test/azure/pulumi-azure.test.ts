import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Provider } from "../../sdk/plugin/provider.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";

interface Outcome {
  readonly id: string;
  readonly outputs: Properties;
  readonly failure?: Error;
}

describe("the stand-in of Pulumi's Azure provider", { timeout: 60_000 }, () => {
  let azure: AzureFixture;
  let provider: Provider;
  let balancer: string;
  let subnet: string;
  const versions: string[] = [];
  before(async () => {
    azure = await AzureFixture.start();
    provider = pulumiAzure(azure.server);
    const disk = await azure.disk("d");
    await azure.definition();
    for (const number of ["1.0.0", "1.0.1"]) versions.push(await azure.version(number, disk));
    subnet = await azure.subnet();
    balancer = await azure.balancer(subnet);
  });
  after(() => azure[Symbol.asyncDispose]());

  const signal = AbortSignal.timeout(30_000);
  const typeOf = (token: string) => (provider.types[`azure-native:${token}`] as NonNullable<Provider["types"][string]>)();
  const create = async (token: string, name: string, inputs: Properties): Promise<Outcome> =>
    (await typeOf(token)).create({ name, inputs: { resourceGroupName: "rg", ...inputs }, signal } as never);
  const update = async (token: string, { id, outputs }: Outcome, inputs: Properties): Promise<Outcome> => {
    const type = await typeOf(token);
    return {
      id,
      ...(await (type.update as NonNullable<typeof type.update>)({
        id,
        inputs: { resourceGroupName: "rg", ...inputs },
        oldOutputs: outputs,
        signal,
      } as never)),
    } as Outcome;
  };
  const remove = async (token: string, { id }: Outcome): Promise<void> => {
    const type = await typeOf(token);
    await (type.delete as NonNullable<typeof type.delete>)({ id, signal } as never);
  };
  const set = (version: number): Properties => ({
    vmScaleSetName: "fleet",
    sku: { name: "Standard_B2s", capacity: 2 },
    upgradePolicy: {
      mode: "Rolling",
      rollingUpgradePolicy: { maxBatchInstancePercent: 50, maxUnhealthyInstancePercent: 50, maxUnhealthyUpgradedInstancePercent: 0 },
    },
    virtualMachineProfile: {
      storageProfile: { imageReference: { id: versions[version] }, osDisk: { createOption: "FromImage" } },
      networkProfile: {
        healthProbe: { id: `${balancer}/probes/health` },
        networkInterfaceConfigurations: [
          {
            name: "nic",
            primary: true,
            ipConfigurations: [
              { name: "ip", subnet: { id: subnet }, loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/machines` }] },
            ],
          },
        ],
      },
    },
  });

  test("refuses arguments that the package does not declare, before any request", async () => {
    const { check } = await typeOf("compute:VirtualMachineScaleSet");
    const { failures = [] } =
      (await check?.({ inputs: { resourceGroupName: "rg", upgradePolicy: { mode: "rolling", maxUnavailable: 1 } } } as never)) ?? {};
    assert.deepEqual(failures.map(({ path }) => path).sort(), ["upgradePolicy.maxUnavailable", "upgradePolicy.mode"]);
  });

  test("generates names and defaults to the group's location, and passes on Azure's refusals", async () => {
    const { id, outputs } = await create("network:NetworkInterface", "nic", { ipConfigurations: [{ name: "ip", subnet: { id: subnet } }] });
    assert.match(id, /\/networkInterfaces\/nic[0-9a-f]{8}$/);
    assert.equal(outputs.location, "westeurope");
    assert.match(String((outputs.ipConfigurations as unknown as { privateIPAddress: string }[])[0]?.privateIPAddress), /^10\./);
    await assert.rejects(create("compute:Gallery", "my-gallery", {}), /Code="InvalidParameter"/);
    await assert.rejects(
      create("compute:GalleryImageVersion", "os", { galleryName: "gallery", galleryImageName: "os", storageProfile: {} }),
      /validation rule/,
    );
    await remove("network:NetworkInterface", { id, outputs });
    await assert.rejects(create("compute:Gallery", "g", { galleryName: "gallery" }), /already existing/);
  });

  test("keeps the new state of a scale set whose upgrade failed", async () => {
    const made = await create("compute:VirtualMachineScaleSet", "fleet", set(0));
    assert.equal(made.failure, undefined);
    azure.server.scaleSets.isUnhealthy = (image) => image === (versions[1] as string).toLowerCase();
    const failed = await update("compute:VirtualMachineScaleSet", made, set(1));
    assert.match(String(failed.failure?.message), /Code="MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"/);
    assert.match(JSON.stringify(failed.outputs.virtualMachineProfile), /versions\/1\.0\.1/);
    const back = await update("compute:VirtualMachineScaleSet", failed, set(0));
    assert.equal(back.failure, undefined);
    await remove("compute:VirtualMachineScaleSet", back);
  });

  test("deletes a resource group with its content", async () => {
    const group = await create("resources:ResourceGroup", "app", { resourceGroupName: undefined, location: "westeurope" });
    const { name } = group.outputs as { name: string };
    assert.match(name, /^app[0-9a-f]{8}$/);
    const disk = await create("compute:Disk", "disk", { resourceGroupName: name, creationData: { createOption: "Empty" }, diskSizeGB: 1 });
    await remove("resources:ResourceGroup", group);
    assert.equal(await (await typeOf("compute:Disk")).read?.({ id: disk.id, outputs: disk.outputs } as never), undefined);
  });

  test("reports the subscription and tenant", async () => {
    const config = await provider.functions?.["azure-native:authorization:getClientConfig"]?.({});
    assert.deepEqual([config?.subscriptionId, config?.tenantId], [azure.server.arm.subscription, azure.server.entra.tenant]);
  });
});
