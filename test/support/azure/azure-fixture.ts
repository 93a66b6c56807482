import { makeDisk } from "../../../sdk/disk/extent.ts";
import { writeFixedVhd } from "../../../sdk/format/vhd.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { copied } from "../judge.ts";
import { ArmClient, type Asked } from "./arm-client.ts";
import { AzureServer, type AzureServerOptions } from "./azure-server.ts";

const RAW = 20 << 20;
const COMPUTE = "Microsoft.Compute";
const NETWORK = "Microsoft.Network";

/** A server with a resource group `rg` in West Europe, and methods that create what a machine needs. */
export class AzureFixture implements AsyncDisposable {
  readonly server: AzureServer;
  readonly client: ArmClient;

  private constructor(server: AzureServer) {
    this.server = server;
    this.client = new ArmClient(server, "rg");
  }

  static async start(options?: AzureServerOptions): Promise<AzureFixture> {
    const server = await AzureServer.start(options);
    server.arm.groups.set("rg", "westeurope");
    return new AzureFixture(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  /** Requests a resource in West Europe and waits for the operation. The path is below the group, such as `Microsoft.Compute/disks/d`. */
  put(path: string, properties: unknown, beside: Record<string, unknown> = {}): Promise<Asked> {
    return this.client.settled("PUT", path, { location: "westeurope", ...beside, properties });
  }

  /** As {@link put}, but throws if it fails. @returns the ID of the resource */
  async make(path: string, properties: unknown, beside?: Record<string, unknown>): Promise<string> {
    const { status, body, code } = await this.put(path, properties, beside);
    if (code !== undefined || status >= 300 || body.status === "Failed") throw new Error(`${path}: ${JSON.stringify(body)}`);
    return this.client.id(path);
  }

  /** A disk with a completed upload: an empty VHD with a footer. */
  async disk(name: string, properties: Properties = {}, beside?: Record<string, unknown>): Promise<string> {
    const path = `${COMPUTE}/disks/${name}`;
    const id = await this.make(
      path,
      { osType: "Linux", hyperVGeneration: "V2", creationData: { createOption: "Upload", uploadSizeBytes: RAW + 512 }, ...properties },
      beside,
    );
    const { body } = await this.client.settled("POST", `${path}/beginGetAccess`, { access: "Write", durationInSeconds: 600 });
    const { accessSAS } = (body.properties as unknown as { output: { accessSAS: string } }).output;
    const footer = (await copied(writeFixedVhd(makeDisk(RAW, []), name))).subarray(-512);
    const response = await fetch(`${accessSAS}&comp=page`, {
      method: "PUT",
      headers: { "x-ms-version": "2023-11-03", "x-ms-page-write": "update", "x-ms-range": `bytes=${RAW}-${RAW + 511}` },
      body: new Uint8Array(footer),
    });
    if (response.status !== 201) throw new Error(await response.text());
    await this.client.settled("POST", `${path}/endGetAccess`);
    return id;
  }

  /** A gallery `gallery` with an image definition. */
  async definition(name = "os", properties: Properties = {}): Promise<string> {
    await this.make(`${COMPUTE}/galleries/gallery`, {});
    return this.make(`${COMPUTE}/galleries/gallery/images/${name}`, {
      osType: "Linux",
      osState: "Specialized",
      hyperVGeneration: "V2",
      architecture: "x64",
      identifier: { publisher: "p", offer: "o", sku: name },
      features: [{ name: "SecurityType", value: "TrustedLaunchSupported" }],
      ...properties,
    });
  }

  /** A gallery image version made from a disk. */
  version(number: string, disk: string, definition = "os"): Promise<string> {
    return this.make(`${COMPUTE}/galleries/gallery/images/${definition}/versions/${number}`, versionOf(disk));
  }

  /** A network with one subnet. @returns the ID of the subnet */
  async subnet(): Promise<string> {
    return `${await this.make(`${NETWORK}/virtualNetworks/net`, { addressSpace: { addressPrefixes: ["10.0.0.0/16"] }, subnets: [{ name: "default", properties: { addressPrefix: "10.0.0.0/24" } }] })}/subnets/default`;
  }

  /** A load balancer `balancer` with a rule that uses the pool `machines` and the probe `health`. */
  balancer(subnet: string): Promise<string> {
    const path = `${NETWORK}/loadBalancers/balancer`;
    const part = (name: string) => ({ id: `${this.client.id(path)}/${name}` });
    return this.make(
      path,
      {
        frontendIPConfigurations: [{ name: "inside", properties: { subnet: { id: subnet } } }],
        backendAddressPools: [{ name: "machines" }, { name: "others" }],
        probes: [
          { name: "health", properties: { protocol: "Http", port: 80, requestPath: "/healthz" } },
          { name: "idle", properties: { protocol: "Tcp", port: 81 } },
        ],
        loadBalancingRules: [
          {
            name: "http",
            properties: {
              protocol: "Tcp",
              frontendPort: 80,
              backendPort: 80,
              frontendIPConfiguration: part("frontendIPConfigurations/inside"),
              backendAddressPool: part("backendAddressPools/machines"),
              probe: part("probes/health"),
            },
          },
        ],
      },
      { sku: { name: "Standard" } },
    );
  }
}

/** The properties of a gallery image version. */
export function versionOf(disk: string, more: Properties = {}): Properties {
  return {
    publishingProfile: { targetRegions: [{ name: "West Europe" }] },
    storageProfile: { osDiskImage: { source: { id: disk } } },
    ...more,
  };
}
