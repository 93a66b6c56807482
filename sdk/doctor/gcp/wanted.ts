import type { Arch } from "../../core/arch.ts";
import { type Asked, buildOf, ofType } from "../cloud.ts";
import type { Registered } from "../program-run.ts";
import type { Part } from "./permissions.ts";

/** A machine or fleet as the checks see it. */
export interface GcpMachines {
  /** `machine web`, `fleet web` */
  readonly name: string;
  readonly isFleet: boolean;
  readonly instanceType: string;
  readonly arch: Arch;
  /** How many there are at the most, in a rollout too. */
  readonly count: number;
  /** Zones that the program names; none: those of the region. */
  readonly zones: readonly string[];
  /** Name or link; undefined: the network `default`. */
  readonly subnet: string | undefined;
  readonly hasPublicIp: boolean;
  readonly networkTags: readonly string[];
  readonly serviceAccount: string | undefined;
  /** Ports that Google's health checks ask. */
  readonly ports: readonly number[];
}

const INSTANCE = "gcp:compute/instance:Instance";
const TEMPLATE = "gcp:compute/instanceTemplate:InstanceTemplate";
const GROUP = "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager";
const HEALTH = "gcp:compute/healthCheck:HealthCheck";
const BUCKET = "gcp:storage/bucket:Bucket";

/** Inputs of Pulumi's classes, as far as the checks read them. */
interface Launch {
  readonly machineType?: string;
  readonly zone?: string;
  readonly tags?: readonly string[];
  readonly networkInterfaces?: readonly { readonly subnetwork?: string; readonly accessConfigs?: readonly unknown[] }[];
  readonly serviceAccount?: { readonly email?: string };
}

interface Group {
  readonly targetSize?: number;
  readonly distributionPolicyZones?: readonly string[];
  readonly versions?: readonly { readonly instanceTemplate?: string }[];
  readonly updatePolicy?: { readonly maxSurgeFixed?: number };
  readonly autoHealingPolicies?: { readonly healthCheck?: string };
}

/** The machines and fleets of a program, or of the command's options. */
export function wantedMachines({ resources, machines }: Asked): readonly GcpMachines[] {
  if (machines) {
    const { instanceType, arch, count, subnets, groups, port } = machines;
    const given = { instanceType, arch, count, subnet: subnets[0], networkTags: groups, ports: port === undefined ? [] : [port] };
    return [{ ...given, name: "machines", isFleet: count > 1, zones: [], hasPublicIp: false, serviceAccount: undefined }];
  }
  const single = ofType(resources, INSTANCE).map(({ name, inputs }) => {
    const launch = inputs as Launch;
    const zones = launch.zone === undefined ? [] : [launch.zone];
    return {
      name: `machine ${name.replace(/-instance$/, "")}`,
      isFleet: false,
      count: 1,
      zones,
      ports: [],
      ...launched(launch, resources),
    };
  });
  const fleets = ofType(resources, GROUP).map(({ name, inputs }) => {
    const { targetSize = 1, distributionPolicyZones: zones = [], versions = [], updatePolicy, autoHealingPolicies } = inputs as Group;
    const template = ofType(resources, TEMPLATE).find(({ id }) => versions.some(({ instanceTemplate }) => instanceTemplate === id));
    const check = ofType(resources, HEALTH).find(({ id }) => id === autoHealingPolicies?.healthCheck);
    const { httpHealthCheck } = (check?.inputs ?? {}) as { readonly httpHealthCheck?: { readonly port?: number } };
    const gate = ofType(resources, "linuxkit:index:RolloutGate").find((gate) => gate.inputs["group"] === name);
    return {
      name: `fleet ${String(gate?.inputs["fleet"] ?? name)}`,
      isFleet: true,
      count: targetSize + (updatePolicy?.maxSurgeFixed ?? 0),
      zones,
      ports: httpHealthCheck?.port === undefined ? [] : [httpHealthCheck.port],
      ...launched((template?.inputs ?? {}) as Launch, resources),
    };
  });
  return [...single, ...fleets];
}

function launched({ machineType = "", tags = [], networkInterfaces = [], serviceAccount }: Launch, resources: readonly Registered[] = []) {
  const [first] = networkInterfaces;
  return {
    instanceType: machineType,
    arch: buildOf(resources, undefined)?.arch ?? archOfImages(resources),
    subnet: first?.subnetwork,
    hasPublicIp: (first?.accessConfigs ?? []).length > 0,
    networkTags: tags,
    serviceAccount: serviceAccount?.email,
  };
}

/** The architecture that all images of a program have; amd64 where they differ, since the program itself compares each. */
function archOfImages(resources: readonly Registered[]): Arch {
  const builds = ofType(resources, "linuxkit:index:ImageBuild");
  return builds.length > 0 && builds.every(({ inputs }) => inputs["arch"] === "arm64") ? "arm64" : "amd64";
}

/** Every part of a program; what a machine and a fleet need, where there is no program. */
export function partsOf(asked: Asked): readonly Part[] {
  const { resources, machines } = asked;
  if (!resources)
    return ["image", "bucket", ...(machines && machines.count === 1 ? (["machine"] as const) : (["fleet", "health"] as const))];
  const types: Readonly<Record<string, Part>> = {
    "linuxkit:index:GcpUpload": "image",
    [BUCKET]: "bucket",
    [INSTANCE]: "machine",
    [GROUP]: "fleet",
    [HEALTH]: "health",
  };
  const accounts = wantedMachines(asked).some(({ serviceAccount }) => serviceAccount !== undefined);
  return [...new Set([...resources.flatMap(({ type }) => types[type] ?? []), ...(accounts ? (["account"] as const) : [])])];
}

/** Buckets that the program uses and does not make. */
export function usedBuckets({ resources }: Asked): readonly string[] {
  const made = ofType(resources, BUCKET).map(({ name, inputs }) => inputs["name"] ?? name);
  const used = ofType(resources, "linuxkit:index:GcpUpload").map(({ inputs }) => inputs["bucket"]);
  return [...new Set(used)].filter((name): name is string => typeof name === "string" && !made.includes(name));
}
