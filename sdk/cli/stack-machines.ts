import type { ReplacedMachines } from "../review/machines.ts";

/** A resource of a stack's state, as `pulumi stack export` has it (Pulumi, sdk/go/common/apitype, ResourceV3). */
export interface StackResource {
  readonly type?: string;
  readonly urn?: string;
  readonly delete?: boolean;
  readonly dependencies?: readonly string[];
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

type Count = (inputs: Readonly<Record<string, unknown>>) => unknown;

/** How many machines a resource of each backend is. */
const COUNTS: Readonly<Record<string, Count>> = {
  "linuxkit:index:QemuVm": () => 1,
  "linuxkit:index:RolloutGate": ({ kind, count }) => (kind === "qemu" ? count : undefined),
  "aws:ec2/instance:Instance": () => 1,
  "aws:autoscaling/group:Group": ({ desiredCapacity }) => desiredCapacity,
  "gcp:compute/instance:Instance": () => 1,
  "gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager": ({ targetSize }) => targetSize,
  "azure-native:compute:VirtualMachine": () => 1,
  "azure-native:compute:VirtualMachineScaleSet": ({ sku }) => (sku as { readonly capacity?: unknown } | undefined)?.capacity,
};

/** The machines and fleets of a stack that run what an ImageBuild has built: those whose resources depend on it. */
export function stackMachines(resources: readonly StackResource[], build: string): ReplacedMachines[] {
  const live = resources.filter(({ delete: isOld }) => !isOld);
  const dependents = new Set([build]);
  // a resource comes after those that it depends on
  for (const { urn, dependencies = [] } of live)
    if (urn !== undefined && dependencies.some((one) => dependents.has(one))) dependents.add(urn);
  return live.flatMap(({ type = "", urn = "", inputs = {} }) => {
    const count = dependents.has(urn) ? COUNTS[type]?.(inputs) : undefined;
    return typeof count === "number" && count > 0 ? [{ name: urn.split("::").at(-1) ?? urn, count }] : [];
  });
}
