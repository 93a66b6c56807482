import type { Arch } from "../../core/arch.ts";
import { type Asked, buildOf, ofType } from "../cloud.ts";
import type { Registered } from "../program-run.ts";
import type { Part } from "./permissions.ts";

/** A machine or fleet as the checks see it. */
export interface AzureMachines {
  /** `machine web`, `fleet web` */
  readonly name: string;
  readonly isFleet: boolean;
  readonly instanceType: string;
  readonly arch: Arch;
  readonly count: number;
  /** Id of the subnet; undefined where the program makes it. */
  readonly subnet: string | undefined;
  readonly hasPublicIp: boolean;
  /** Whether the machine has trusted launch, which not every size has. */
  readonly isTrusted: boolean;
  /** Ports that the load balancer's probes ask. */
  readonly ports: readonly number[];
}

const MACHINE = "azure-native:compute:VirtualMachine";
const INTERFACE = "azure-native:network:NetworkInterface";
const SET = "azure-native:compute:VirtualMachineScaleSet";
const BALANCER = "azure-native:network:LoadBalancer";

/** Inputs of Pulumi's classes, as far as the checks read them. */
interface Address {
  readonly subnet?: { readonly id?: string };
  readonly publicIPAddress?: unknown;
  readonly publicIPAddressConfiguration?: unknown;
}

interface Security {
  readonly securityType?: string;
}

interface MachineInputs {
  readonly hardwareProfile?: { readonly vmSize?: string };
  readonly networkProfile?: { readonly networkInterfaces?: readonly { readonly id?: string }[] };
  readonly securityProfile?: Security;
}

interface SetInputs {
  readonly sku?: { readonly name?: string; readonly capacity?: number };
  readonly virtualMachineProfile?: {
    readonly networkProfile?: {
      readonly healthProbe?: { readonly id?: string };
      readonly networkInterfaceConfigurations?: readonly { readonly ipConfigurations?: readonly Address[] }[];
    };
    readonly securityProfile?: Security;
  };
}

/** The machines and fleets of a program, or of the command's options. */
export function wantedMachines({ resources, machines }: Asked): readonly AzureMachines[] {
  if (machines) {
    const { instanceType, arch, count, subnets, port } = machines;
    const given = { instanceType, arch, count, subnet: idOf(subnets[0]), ports: port === undefined ? [] : [port] };
    return [{ ...given, name: "machines", isFleet: count > 1, hasPublicIp: false, isTrusted: false }];
  }
  const arch = archOf(resources);
  const single = ofType(resources, MACHINE).map(({ name, inputs }) => {
    const { hardwareProfile, networkProfile, securityProfile } = inputs as MachineInputs;
    const card = ofType(resources, INTERFACE).find(({ id }) => networkProfile?.networkInterfaces?.some((one) => one.id === id));
    const { ipConfigurations = [] } = (card?.inputs ?? {}) as { readonly ipConfigurations?: readonly Address[] };
    const common = { isFleet: false, count: 1, arch, ports: [], ...addressed(ipConfigurations), ...trusted(securityProfile) };
    return { name: `machine ${name.replace(/-(?:vm|machine)$/, "")}`, instanceType: hardwareProfile?.vmSize ?? "", ...common };
  });
  const fleets = ofType(resources, SET).map(({ name, inputs }) => {
    const { sku, virtualMachineProfile: { networkProfile, securityProfile } = {} } = inputs as SetInputs;
    const probe = networkProfile?.healthProbe?.id;
    const balancer = ofType(resources, BALANCER).find(({ id }) => probe?.startsWith(`${id}/`));
    const { probes = [] } = (balancer?.inputs ?? {}) as { readonly probes?: readonly { readonly port?: number }[] };
    return {
      name: `fleet ${name.replace(/-set$/, "")}`,
      isFleet: true,
      instanceType: sku?.name ?? "",
      count: sku?.capacity ?? 1,
      arch,
      ports: probes.flatMap(({ port }) => port ?? []),
      ...addressed(networkProfile?.networkInterfaceConfigurations?.[0]?.ipConfigurations ?? []),
      ...trusted(securityProfile),
    };
  });
  return [...single, ...fleets];
}

/** The architecture that the images of a program have; amd64 where they differ, since the program itself compares each. */
function archOf(resources: readonly Registered[] = []): Arch {
  const builds = ofType(resources, "linuxkit:index:ImageBuild");
  return (
    buildOf(resources, undefined)?.arch ??
    (builds.length > 0 && builds.every(({ inputs }) => inputs["arch"] === "arm64") ? "arm64" : "amd64")
  );
}

function addressed([first]: readonly Address[]) {
  return {
    subnet: idOf(first?.subnet?.id),
    hasPublicIp: first?.publicIPAddress !== undefined || first?.publicIPAddressConfiguration !== undefined,
  };
}

function idOf(subnet: string | undefined): string | undefined {
  return subnet?.startsWith("/subscriptions/") ? subnet : undefined;
}

function trusted(profile: Security | undefined): { readonly isTrusted: boolean } {
  return { isTrusted: profile?.securityType === "TrustedLaunch" };
}

/** Every part of a program; what a machine and a fleet need, where there is no program. */
export function partsOf({ resources, machines }: Asked): readonly Part[] {
  if (!resources) return ["image", ...(machines && machines.count === 1 ? (["machine"] as const) : (["fleet", "balancer"] as const))];
  const types: Readonly<Record<string, Part>> = {
    "linuxkit:index:AzureUpload": "image",
    [MACHINE]: "machine",
    [SET]: "fleet",
    [BALANCER]: "balancer",
  };
  const stores = ofType(resources, "linuxkit:index:AzureUpload").some(({ inputs }) => inputs["storage"] !== undefined);
  return [...new Set([...resources.flatMap(({ type }) => types[type] ?? []), ...(stores ? (["storage"] as const) : [])])];
}
