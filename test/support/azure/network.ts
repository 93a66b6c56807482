/**
 * Plays the part of Microsoft.Network that machines need.
 *
 * Source: Azure REST API, "Network Interfaces", "Public IP Addresses", "Load Balancers", "Virtual Networks".
 * Assumed: one naming rule for every type; the codes and words of refusals.
 */
import { createHash } from "node:crypto";
import type { Properties } from "../../../sdk/plugin/value.ts";
import type { Arm, ArmKind, ArmResource } from "./arm.ts";
import { keyOf } from "./arm-id.ts";
import { listAt, textAt, valueAt } from "./arm-shape.ts";
import { AzureRefusal } from "./refusal.ts";

const NAMING = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$/;
const INTERFACES = "Microsoft.Network/networkInterfaces";
const BALANCERS = "Microsoft.Network/loadBalancers";
const ADDRESSES = "Microsoft.Network/publicIPAddresses";

/** Lists of a load balancer whose items refer to each other by ID. */
const PARTS = ["frontendIPConfigurations", "backendAddressPools", "probes", "loadBalancingRules", "outboundRules"];

/** The resource types of Microsoft.Network. */
export function networkKinds(arm: () => Arm): ArmKind[] {
  return [
    {
      type: "Microsoft.Network/virtualNetworks",
      token: "azure-native:network:VirtualNetwork",
      names: ["virtualNetworkName"],
      naming: NAMING,
    },
    {
      type: "Microsoft.Network/virtualNetworks/subnets",
      token: "azure-native:network:Subnet",
      names: ["virtualNetworkName", "subnetName"],
      naming: NAMING,
      placed: false,
    },
    {
      type: "Microsoft.Network/networkSecurityGroups",
      token: "azure-native:network:NetworkSecurityGroup",
      names: ["networkSecurityGroupName"],
      naming: NAMING,
    },
    {
      type: ADDRESSES,
      token: "azure-native:network:PublicIPAddress",
      names: ["publicIpAddressName"],
      naming: NAMING,
      check({ body }) {
        // Azure retired the Basic SKU in September 2025
        if (textAt(body, "sku.name") !== "Standard")
          throw new AzureRefusal(
            400,
            "IPv4BasicSkuPublicIpCountLimitReached",
            "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.",
          );
        if (textAt(body, "properties.publicIPAllocationMethod") !== "Static")
          throw new AzureRefusal(
            400,
            "PublicIPAndSkuAllocationMethodMismatch",
            "Standard SKU publicIp must have AllocationMethod set to Static.",
          );
      },
      show: ({ id }) => ({ ipAddress: addressOf("20.0", id) }),
      mayRemove(address) {
        const user = [...arm().of(INTERFACES), ...arm().of(BALANCERS)].find(({ body }) =>
          JSON.stringify(body)
            .toLowerCase()
            .includes(`"${keyOf(address.id)}"`),
        );
        if (user)
          throw new AzureRefusal(
            400,
            "PublicIPAddressCannotBeDeleted",
            `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${user.id}.`,
          );
      },
    },
    {
      type: INTERFACES,
      token: "azure-native:network:NetworkInterface",
      names: ["networkInterfaceName"],
      naming: NAMING,
      check({ body }) {
        const configurations = listAt(body, "properties.ipConfigurations");
        if (configurations.length === 0)
          throw new AzureRefusal(
            400,
            "NetworkInterfaceMustHaveAnIpConfiguration",
            "A network interface has at least one IP configuration.",
          );
        for (const configuration of configurations) {
          checkSubnet(arm(), textAt(configuration, "properties.subnet.id"));
          const address = textAt(configuration, "properties.publicIPAddress.id");
          if (address !== undefined && !arm().find(address, ADDRESSES))
            throw new AzureRefusal(400, "InvalidResourceReference", `Resource ${address} referenced by resource was not found.`);
        }
      },
      show: ({ id, body }) => ({
        ipConfigurations: listAt(body, "properties.ipConfigurations").map((configuration) => ({
          ...configuration,
          id: `${id}/ipConfigurations/${String(configuration.name)}`,
          properties: { ...(configuration.properties as Properties), privateIPAddress: addressOf("10.0", id) },
        })),
      }),
      mayRemove(nic) {
        const user = userOf(arm(), nic);
        if (user)
          throw new AzureRefusal(
            400,
            "NicInUse",
            `Network Interface ${nic.id} is used by existing resource ${user.id}. In order to delete the network interface, it must be dissociated from the resource.`,
          );
      },
    },
    {
      type: BALANCERS,
      token: "azure-native:network:LoadBalancer",
      names: ["loadBalancerName"],
      naming: NAMING,
      check: (balancer) => checkBalancer(arm(), balancer),
      show: ({ id, body }) =>
        Object.fromEntries(
          PARTS.map((part) => [
            part,
            listAt(body, `properties.${part}`).map((item) => ({ ...item, id: `${id}/${part}/${String(item.name)}` })),
          ]),
        ),
      mayRemove(balancer) {
        const user = arm()
          .of("Microsoft.Compute/virtualMachineScaleSets")
          .find(({ body }) =>
            JSON.stringify(body)
              .toLowerCase()
              .includes(`"${keyOf(balancer.id)}/`),
          );
        if (user)
          throw new AzureRefusal(
            400,
            "LoadBalancerInUseByVirtualMachineScaleSet",
            `Cannot delete load balancer ${balancer.id} since its child resources are in use by virtual machine scale set ${user.id}.`,
          );
      },
    },
  ];
}

/** @throws InvalidResourceReference */
export function checkSubnet(arm: Arm, id: string | undefined): void {
  const [, network, name] = /^(.+)\/subnets\/([^/]+)$/i.exec(id ?? "") ?? [];
  const inside = listAt(arm.find(network, "Microsoft.Network/virtualNetworks")?.body ?? {}, "properties.subnets").some(
    (subnet) => keyOf(String(subnet.name)) === keyOf(name ?? ""),
  );
  if (!inside && !arm.find(id, "Microsoft.Network/virtualNetworks/subnets"))
    throw new AzureRefusal(
      400,
      "InvalidResourceReference",
      `Resource ${id} referenced by resource was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    );
}

/** The machine that uses a network interface. */
export function userOf(arm: Arm, { id }: ArmResource): ArmResource | undefined {
  return arm
    .of("Microsoft.Compute/virtualMachines")
    .find(({ body }) => listAt(body, "properties.networkProfile.networkInterfaces").some((nic) => keyOf(String(nic.id)) === keyOf(id)));
}

/**
 * Asserts that a load balancing rule of these pools uses the probe; otherwise the probe checks no machine.
 *
 * @throws InvalidResourceReference, CannotUseInactiveHealthProbe
 */
export function checkProbe(arm: Arm, probe: string, pools: readonly string[]): void {
  const balancer = arm.find(probe.split("/").slice(0, -2).join("/"), BALANCERS);
  const known = (part: string, id: string) =>
    listAt(balancer?.body ?? {}, `properties.${part}`).some(({ name }) => keyOf(`${balancer?.id}/${part}/${String(name)}`) === keyOf(id));
  const missing = [...(known("probes", probe) ? [] : [probe]), ...pools.filter((pool) => !known("backendAddressPools", pool))][0];
  if (missing !== undefined)
    throw new AzureRefusal(400, "InvalidResourceReference", `Resource ${missing} referenced by resource was not found.`);
  const asks = listAt(balancer?.body ?? {}, "properties.loadBalancingRules").some(
    (rule) =>
      keyOf(textAt(rule, "properties.probe.id") ?? "") === keyOf(probe) &&
      pools.some((pool) => keyOf(pool) === keyOf(textAt(rule, "properties.backendAddressPool.id") ?? "")),
  );
  if (!asks)
    throw new AzureRefusal(
      400,
      "CannotUseInactiveHealthProbe",
      `The scale set cannot use probe ${probe} as a HealthProbe because load balancing rules that send traffic to this scale set IPs do not use this probe. Please make sure that at least one load balancing rule that sends traffic to this scale set uses the probe.`,
    );
}

function checkBalancer(arm: Arm, { id, body }: ArmResource): void {
  if (textAt(body, "sku.name") !== "Standard")
    throw new AzureRefusal(
      400,
      "BasicSkuLoadBalancerNotAllowed",
      "Load balancers of the Basic SKU cannot be created since September 2025.",
    );
  for (const configuration of listAt(body, "properties.frontendIPConfigurations")) {
    const address = textAt(configuration, "properties.publicIPAddress.id");
    if (address === undefined) checkSubnet(arm, textAt(configuration, "properties.subnet.id"));
    else if (!arm.find(address, ADDRESSES))
      throw new AzureRefusal(400, "InvalidResourceReference", `Resource ${address} referenced by resource was not found.`);
  }
  const known = PARTS.flatMap((part) => listAt(body, `properties.${part}`).map(({ name }) => keyOf(`${id}/${part}/${String(name)}`)));
  for (const rule of listAt(body, "properties.loadBalancingRules")) {
    for (const part of ["frontendIPConfiguration", "backendAddressPool", "probe"]) {
      const named = textAt(rule, `properties.${part}.id`);
      if (named !== undefined && !known.includes(keyOf(named)))
        throw new AzureRefusal(
          400,
          "InvalidResourceReference",
          `Resource ${named} referenced by resource ${id}/loadBalancingRules/${String(rule.name)} was not found.`,
        );
    }
    if (valueAt(rule, "properties.frontendPort") === undefined)
      throw new AzureRefusal(400, "InvalidRequestFormat", `Rule ${String(rule.name)} has no frontendPort.`);
  }
  for (const probe of listAt(body, "properties.probes")) {
    const [protocol, path] = [textAt(probe, "properties.protocol"), textAt(probe, "properties.requestPath")];
    if ((protocol !== "Tcp") !== (path !== undefined))
      throw new AzureRefusal(
        400,
        "InvalidRequestFormat",
        `Probe ${String(probe.name)}: requestPath is required where protocol is Http or Https, and not allowed where it is Tcp.`,
      );
    if (Number(valueAt(probe, "properties.intervalInSeconds") ?? 15) < 5)
      throw new AzureRefusal(400, "LoadBalancerProbeIntervalTooSmall", `Probe ${String(probe.name)}: intervalInSeconds is at least 5.`);
  }
}

function addressOf(network: string, id: string): string {
  const [third = 0, fourth = 0] = createHash("sha256").update(keyOf(id)).digest();
  return `${network}.${third}.${fourth}`;
}
