import type { ManagerRequest, Order, ResourceManager } from "./access/resource-manager.ts";

/** API version of `Microsoft.Compute/virtualMachineScaleSets`. */
const API_VERSION = "2024-11-01";

/** What a scale set starts its machines with. */
export interface Model {
  /** Id of the image. */
  readonly image: string;
  /** In base64. If undefined, a change of the model keeps the old user data: Azure cannot remove it. */
  readonly userData?: string | undefined;
}

/** One machine of a scale set. */
export interface Instance {
  readonly name: string;
  readonly image: string;
  /** Whether it has the scale set's current model. */
  readonly latest: boolean;
  /** Undefined where Azure does not say: the specification has it, and answers may lack it (Azure/azure-rest-api-specs#32387). */
  readonly healthy: boolean | undefined;
}

/** The latest rolling upgrade. */
export interface Upgrade {
  readonly code: "RollingForward" | "Cancelled" | "Completed" | "Faulted";
  /** Start time, which identifies it. */
  readonly startTime: string;
  /** Why it ended: Azure's message. */
  readonly reason?: string | undefined;
}

/** The operations on a scale set that a rollout needs. */
export interface ScaleSet {
  readonly name: string;
  /** Undefined if it does not exist. */
  describe(signal: AbortSignal): Promise<(Model & { readonly count: number }) | undefined>;
  instances(signal: AbortSignal): Promise<Instance[]>;
  upgrade(signal: AbortSignal): Promise<Upgrade | undefined>;
  /**
   * Sets the model. Azure then starts a rolling upgrade if an instance differs from it, even if the model itself did not
   * change. The operation may end before that upgrade or together with it.
   */
  change(model: Model, signal: AbortSignal): Promise<Order>;
  cancelUpgrade(signal: AbortSignal): Promise<void>;
}

interface Described {
  readonly sku?: { readonly capacity?: number };
  readonly properties?: {
    readonly virtualMachineProfile?: {
      readonly userData?: string;
      readonly storageProfile?: { readonly imageReference?: { readonly id?: string } };
    };
  };
}

interface DescribedInstance {
  readonly name?: string;
  readonly properties?: {
    readonly latestModelApplied?: boolean;
    readonly storageProfile?: { readonly imageReference?: { readonly id?: string } };
    readonly instanceView?: { readonly vmHealth?: { readonly status?: { readonly code?: string } } };
  };
}

interface DescribedUpgrade {
  readonly properties?: {
    readonly runningStatus?: { readonly code?: Upgrade["code"]; readonly startTime?: string };
    readonly error?: { readonly message?: string };
  };
}

/** Source: Azure Compute REST API, "Virtual Machine Scale Sets", "Virtual Machine Scale Set VMs", "Virtual Machine Scale Set Rolling Upgrades". */
export function scaleSetOf(
  manager: ResourceManager,
  {
    subscriptionId,
    resourceGroupName,
    scaleSet: name,
  }: { readonly subscriptionId: string; readonly resourceGroupName: string; readonly scaleSet: string },
): ScaleSet {
  const path = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`;
  const ask = <T>(method: ManagerRequest["method"], below: string, signal: AbortSignal, body?: unknown): Promise<T | undefined> =>
    manager.ask<T>(
      { method, path: `${path}${below}`, apiVersion: API_VERSION, what: `scale set ${name}${below.replace(/\?.*/, "")}`, body },
      signal,
    );
  return {
    name,
    async describe(signal) {
      const found = await ask<Described>("GET", "?$expand=userData", signal);
      if (!found) return undefined;
      const { storageProfile, userData } = found.properties?.virtualMachineProfile ?? {};
      return { image: storageProfile?.imageReference?.id ?? "", userData, count: found.sku?.capacity ?? 0 };
    },
    async instances(signal) {
      const found = await manager.list<DescribedInstance>(
        { path: `${path}/virtualMachines?$expand=instanceView`, apiVersion: API_VERSION, what: `instances of ${name}` },
        signal,
      );
      return found.map(({ name = "", properties: { latestModelApplied = false, storageProfile, instanceView } = {} }) => {
        const health = instanceView?.vmHealth?.status?.code;
        return {
          name,
          image: storageProfile?.imageReference?.id ?? "",
          latest: latestModelApplied,
          healthy: health === undefined ? undefined : health === "HealthState/healthy",
        };
      });
    },
    async upgrade(signal) {
      const { runningStatus: { code, startTime } = {}, error } =
        (await ask<DescribedUpgrade>("GET", "/rollingUpgrades/latest", signal))?.properties ?? {};
      return code && { code, startTime: startTime ?? "", reason: error?.message };
    },
    change({ image, userData }, signal) {
      const body = {
        properties: {
          virtualMachineProfile: { storageProfile: { imageReference: { id: image } }, ...(userData !== undefined && { userData }) },
        },
      };
      return manager.order({ method: "PATCH", path, apiVersion: API_VERSION, what: `scale set ${name}`, body }, signal);
    },
    async cancelUpgrade(signal) {
      await ask("POST", "/rollingUpgrades/cancel", signal);
    },
  };
}

/** Whether a model matches the wanted one. Ids are case-insensitive; user data is compared only if wanted. */
export function isModel(model: Model, wanted: Model): boolean {
  return model.image.toLowerCase() === wanted.image.toLowerCase() && (wanted.userData === undefined || wanted.userData === model.userData);
}
