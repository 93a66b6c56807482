import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";

interface Program {
  readonly page?: string;
  readonly sizeGiB?: number;
  readonly protect?: boolean;
  readonly more?: string;
}

/** A database machine with one volume and one secret. */
function program({ page = "one", sizeGiB = 10, protect = true, more = "" }: Program = {}): string {
  return `
import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "pulumi-linuxkit";
import { Fleet, Machine, MachineImage } from "pulumi-linuxkit/azure";
const config = new Config();
const [resourceGroupName, subnetId] = ["resourceGroupName", "subnetId"].map((name) => config.require(name));
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "azure" }) })],
  volumes: [new Volume("data", { persistent: { serial: "data", after: "metadata" } })],
  services: [new Service("db", { image: debian.packages({ packages: ["busybox-static"], files: [{ path: "page", contents: "${page}" }], command: ["busybox", "sleep", "9999"] }), binds: ["data:/data"], secrets: { token: "as in QEMU" } })],
});
const vault = "https://acme.vault.azure.net/secrets/token";
const common = { instanceType: "Standard_B2s", resourceGroupName, subnetId };
const machine = new Machine("db", { ...common, image: os, publicIp: true, userData: "role=db", volumes: { data: { sizeGiB: ${sizeGiB}, protect: ${protect} } }, secrets: { db: { token: vault } } });
${more}
export const { instanceId, publicIp, privateIp } = machine;
export const data = machine.nodes.volumes.data.id;
`;
}

describe("a machine on Azure, under the real engine", { timeout: 600_000 }, () => {
  let certificate: Certificate;
  let azure: AzureFixture;
  let server: AzureServer;
  let stack: Stack;
  const outputs = async () => (await stack.outputs()) as { instanceId: string; publicIp: string; privateIp: string; data: string };
  const show = (what: Program) => stack.write("index.js", program(what));
  const bodyOf = (id: string) =>
    server.arm.resources.get(id.toLowerCase())?.body as { properties: Properties; tags: Properties; identity: Properties } | undefined;
  const refused = async (more: string) => {
    await show({ page: "two", sizeGiB: 20, more });
    const preview = await stack.run("preview");
    assert.notEqual(preview.status, 0);
    return preview.text;
  };

  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    azure = await AzureFixture.start({ certificate });
    ({ server } = azure);
    const files = { "index.js": program() };
    stack = await makeStack({
      files,
      others: [pulumiAzure(server)],
      config: { "azure-native:location": "westeurope" },
      env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
    await stack.must("config", "set", "resourceGroupName", "rg");
    await stack.must("config", "set", "subnetId", await azure.subnet());
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await azure[Symbol.asyncDispose]();
    await certificate[Symbol.asyncDispose]();
  });

  test("up attaches its disk, and its tags name the disk and the secret", async () => {
    await stack.up();
    const { instanceId, data, publicIp, privateIp } = await outputs();
    const { tags, identity, properties } = bodyOf(instanceId) ?? {};
    assert.deepEqual(tags, { "linuxkit.secret.db.token": "https://acme.vault.azure.net/secrets/token", "linuxkit.disk.data": "0" });
    assert.equal(identity?.type, "SystemAssigned");
    const { storageProfile, securityProfile, userData, osProfile } = properties as unknown as {
      storageProfile: { dataDisks: { lun: number; managedDisk: { id: string } }[] };
      securityProfile: Properties;
      userData: string;
      osProfile?: Properties;
    };
    assert.deepEqual(
      storageProfile.dataDisks.map(({ lun, managedDisk }) => [lun, managedDisk.id.toLowerCase()]),
      [[0, data.toLowerCase()]],
    );
    assert.deepEqual(securityProfile, { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: false, vTpmEnabled: true } });
    assert.deepEqual([Buffer.from(userData, "base64").toString(), osProfile], ["role=db", undefined]);
    assert.match(`${publicIp} ${privateIp}`, /^\d+(\.\d+){3} \d+(\.\d+){3}$/);
  });

  test("a second up changes nothing", async () => {
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
  });

  test("a changed image deletes the old machine first, and the new one gets its disk and addresses", async () => {
    const before = await outputs();
    await show({ page: "two" });
    await stack.up();
    const now = await outputs();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.deepEqual([now.data, now.publicIp, now.privateIp], [before.data, before.publicIp, before.privateIp]);
    assert.equal(server.arm.of("Microsoft.Compute/virtualMachines").length, 1);
    // disks of the image, the OS and the data
    assert.equal(server.arm.of("Microsoft.Compute/disks").length, 3);
  });

  test("a larger volume grows in place", async () => {
    const before = await outputs();
    await show({ page: "two", sizeGiB: 20 });
    const up = await stack.up();
    assert.deepEqual(
      up.steps.filter(({ op }) => op !== "same").map(({ op, type }) => [op, type]),
      [["update", "azure-native:compute:Disk"]],
    );
    assert.deepEqual(await outputs(), before);
  });

  test("destroy is refused while the volume is protected", async () => {
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.notEqual(destroyed.status, 0);
    assert.ok(bodyOf((await outputs()).data));
  });

  const REFUSED: readonly { readonly what: string; readonly program: string; readonly message: RegExp }[] = [
    {
      what: "a fleet with volumes",
      program: "new Fleet('web', { ...common, image: os, count: 2, volumes: { data: { sizeGiB: 1 } } });",
      message: /fleet "web": volumes: a fleet cannot have volumes, .*create a Machine for each disk/,
    },
    {
      what: "a fleet without a health port",
      program: "new Fleet('web', { ...common, image: os, count: 2 });",
      message: /web: healthPort: got nothing, wanted the port of the health probe/,
    },
    {
      what: "a secret of an unknown service",
      program: "new Machine('web', { ...common, image: os, secrets: { dB: { token: vault } } });",
      message: /"web": secrets\.dB: got "dB", which is not a service/,
    },
    {
      what: "a secret value instead of a reference",
      program: "new Machine('web', { ...common, image: os, secrets: { db: { token: 'hunter2' } } });",
      message: /"web": secrets\.db\.token: got text that is not a reference, wanted the URL of a Key Vault secret/,
    },
    {
      what: "SSH keys for a machine without an administrator",
      program: "new Machine('web', { ...common, image: os, sshPublicKeys: ['ssh-ed25519 AAAA'] });",
      message: /web: sshPublicKeys: got keys for an image that is not generalized/,
    },
    {
      what: "trusted launch with a managed image",
      program: "new MachineImage('web', { resourceGroupName, image: os, kind: 'image', trustedLaunch: true });",
      message: /web: trustedLaunch: got it for a managed image/,
    },
    {
      what: "a managed image for arm64",
      program: "new MachineImage('web', { resourceGroupName, image: os, kind: 'image', arch: 'arm64' });",
      message: /web: arch: got arm64 for a managed image, wanted kind "gallery"/,
    },
    {
      what: "a volume that the image does not declare",
      program: "new Machine('web', { ...common, image: os, volumes: { logs: { sizeGiB: 1 } } });",
      message: /machine "web": volumes\.logs: no volume of the image has persistent: \{ serial: "logs" \}/,
    },
  ];
  for (const { what, program, message } of REFUSED) test(`refuses ${what}`, async () => assert.match(await refused(program), message));

  test("destroy without protection leaves nothing", async () => {
    await show({ page: "two", sizeGiB: 20, protect: false });
    await stack.up();
    await stack.destroy();
    assert.deepEqual(
      server.arm.kinds.map(({ type }) => type).filter((type) => server.arm.of(type).length > 0),
      ["Microsoft.Network/virtualNetworks"],
    );
  });
});
