import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ClientCertificateCredential, ClientSecretCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { ensureNpmProgram } from "../support/npm-program.ts";

/** The part of Microsoft's client that the tests use. */
interface ComputeClient {
  readonly disks: {
    createOrUpdate(group: string, name: string, disk: object, options: object): Pollable<{ diskState: string; provisioningState: string }>;
    grantAccess(group: string, name: string, grant: object, options: object): Pollable<{ accessSAS: string }>;
    revokeAccess(group: string, name: string, options: object): Pollable<void>;
    delete(group: string, name: string, options: object): Pollable<void>;
    get(group: string, name: string): Promise<{ diskState: string }>;
    listByResourceGroup(group: string): AsyncIterable<{ name: string }>;
  };
  readonly virtualMachineScaleSets: {
    createOrUpdate(group: string, name: string, set: object, options: object): Pollable<{ provisioningState: string }>;
    delete(group: string, name: string, options: object): Pollable<void>;
  };
  readonly virtualMachineScaleSetVMs: {
    list(
      group: string,
      name: string,
      options: object,
    ): AsyncIterable<{ latestModelApplied: boolean; instanceView: { vmHealth: { status: { code: string } } } }>;
  };
  readonly virtualMachineScaleSetRollingUpgrades: {
    getLatest(group: string, name: string): Promise<{ runningStatus: { code: string }; progress: { successfulInstanceCount: number } }>;
  };
}

type Pollable<T> = PromiseLike<T>;

/** Time between two polls of an operation. */
const QUICK = { updateIntervalInMs: 10 };
const SCOPE = "https://management.azure.com/.default";

describe("Microsoft's own clients, against the Azure stand-in,", { timeout: 300_000 }, () => {
  let azure: AzureFixture;
  let certificate: Certificate;
  let client: ComputeClient;
  let options: { authorityHost: string; disableInstanceDiscovery: boolean };
  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    // they require HTTPS for tokens
    azure = await AzureFixture.start({ certificate });
    const { server } = azure;
    options = { authorityHost: server.url, disableInstanceDiscovery: true };
    server.entra.identities.push({ clientId: "certified", certificate: certificate.cert }, { clientId: "machine", managed: true });
    const { ComputeManagementClient } = (await import(pathToFileURL(await ensureNpmProgram("@azure/arm-compute")).href)) as {
      ComputeManagementClient: new (credential: TokenCredential, subscription: string, options: object) => ComputeClient;
    };
    const { ARM_TENANT_ID: tenant = "", ARM_CLIENT_ID: id = "", ARM_CLIENT_SECRET: secret = "" } = server.environment;
    client = new ComputeManagementClient(new ClientSecretCredential(tenant, id, secret, options), server.arm.subscription, {
      endpoint: server.url,
    });
  });
  after(async () => {
    await azure[Symbol.asyncDispose]();
    await certificate[Symbol.asyncDispose]();
  });

  test("log in with a certificate and with a managed identity", async () => {
    const { server } = azure;
    process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = server.url;
    for (const credential of [
      new ClientCertificateCredential(server.entra.tenant, "certified", { certificatePath: certificate.bothPath }, options),
      new ManagedIdentityCredential({ clientId: "machine" }),
    ]) {
      const { token } = (await credential.getToken(SCOPE)) ?? {};
      server.entra.check(`Bearer ${token}`, server.url);
    }
    await assert.rejects(new ClientSecretCredential(server.entra.tenant, "certified", "wrong", options).getToken(SCOPE), /AADSTS7000215/);
  });

  test("create a disk, grant write access and revoke it", async () => {
    const { disks } = client;
    const made = await disks.createOrUpdate(
      "rg",
      "d",
      {
        location: "westeurope",
        sku: { name: "Standard_LRS" },
        osType: "Linux",
        hyperVGeneration: "V2",
        creationData: { createOption: "Upload", uploadSizeBytes: (20 << 20) + 512 },
      },
      QUICK,
    );
    assert.deepEqual([made.diskState, made.provisioningState], ["ReadyToUpload", "Succeeded"]);
    const { accessSAS } = await disks.grantAccess("rg", "d", { access: "Write", durationInSeconds: 600 }, QUICK);
    assert.match(accessSAS, /^https:\/\/127\.0\.0\.1:\d+\/md-impexp-.*&sig=/);
    await assert.rejects(async () => disks.delete("rg", "d", QUICK), { code: "OperationNotAllowed", statusCode: 409 });
    await disks.revokeAccess("rg", "d", QUICK);
    assert.equal((await disks.get("rg", "d")).diskState, "Unattached");
    const names: string[] = [];
    for await (const { name } of disks.listByResourceGroup("rg")) names.push(name);
    assert.deepEqual(names, ["d"]);
    await disks.delete("rg", "d", QUICK);
    await assert.rejects(disks.get("rg", "d"), { code: "ResourceNotFound", statusCode: 404 });
  });

  test("roll a scale set, and report a failed rollout", async () => {
    const disk = await azure.disk("os");
    await azure.definition();
    const versions = [await azure.version("1.0.0", disk), await azure.version("1.0.1", disk)];
    const subnet = await azure.subnet();
    const balancer = await azure.balancer(subnet);
    const set = (id: string | undefined) => ({
      location: "westeurope",
      sku: { name: "Standard_B2s", capacity: 3 },
      upgradePolicy: {
        mode: "Rolling",
        rollingUpgradePolicy: {
          maxBatchInstancePercent: 34,
          maxUnhealthyInstancePercent: 34,
          maxUnhealthyUpgradedInstancePercent: 0,
          rollbackFailedInstancesOnPolicyBreach: true,
        },
      },
      virtualMachineProfile: {
        storageProfile: { imageReference: { id }, osDisk: { createOption: "FromImage" } },
        networkProfile: {
          healthProbe: { id: `${balancer}/probes/health` },
          networkInterfaceConfigurations: [
            {
              name: "nic",
              primary: true,
              ipConfigurations: [
                {
                  name: "ip",
                  subnet: { id: subnet },
                  loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/machines` }],
                },
              ],
            },
          ],
        },
      },
    });
    const { virtualMachineScaleSets: sets, virtualMachineScaleSetVMs: machines, virtualMachineScaleSetRollingUpgrades: upgrades } = client;
    assert.equal((await sets.createOrUpdate("rg", "fleet", set(versions[0]), QUICK)).provisioningState, "Succeeded");
    await sets.createOrUpdate("rg", "fleet", set(versions[1]), QUICK);
    const { runningStatus, progress } = await upgrades.getLatest("rg", "fleet");
    assert.deepEqual([runningStatus.code, progress.successfulInstanceCount], ["Completed", 3]);
    const seen: string[] = [];
    for await (const { latestModelApplied, instanceView } of machines.list("rg", "fleet", { expand: "instanceView" }))
      seen.push(`${latestModelApplied} ${instanceView.vmHealth.status.code}`);
    assert.deepEqual(seen, Array(3).fill("true HealthState/healthy"));
    azure.server.scaleSets.isUnhealthy = (image) => image === (versions[0] as string).toLowerCase();
    await assert.rejects(async () => sets.createOrUpdate("rg", "fleet", set(versions[0]), QUICK), /MaxUnhealthyUpgradedInstancePercent/);
    await sets.delete("rg", "fleet", QUICK);
  });
});
