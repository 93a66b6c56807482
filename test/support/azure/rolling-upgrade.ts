import { canonicalJson } from "../../../sdk/core/json.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { valueAt } from "./arm-shape.ts";
import { AzureRefusal } from "./refusal.ts";

/** One machine of a scale set. */
export interface Instance {
  readonly id: string;
  /** `virtualMachineProfile` that it was started with. */
  profile: Properties;
  /** Of its image, in lower case. */
  image: string;
  /** Whether its probe was asked since it was started. */
  judged: boolean;
}

/** The scale set that is upgraded, as an upgrade sees it. */
export interface Upgraded {
  instances: Instance[];
  /** @param id of the machine whose place it takes; a new one without */
  start(profile: Properties, id?: string): Instance;
  isHealthy(instance: Instance): boolean;
}

const DOCS = "For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade";

/**
 * A rolling upgrade: a batch is replaced, judged, and then the next. Azure brings back no more than the machines of the
 * batch that failed, and only where `rollbackFailedInstancesOnPolicyBreach` says so; the model stays the new one.
 *
 * Source: Azure, "Rolling upgrades on Virtual Machine Scale Sets"; codes and texts from Azure/azure-powershell#11896,
 * opencb/opencga#987 and hashicorp/terraform-provider-azurerm#15196.
 */
export class RollingUpgrade {
  readonly startTime: string;
  code: "RollingForward" | "Cancelled" | "Completed" | "Faulted" = "RollingForward";
  lastAction: "Start" | "Cancel" = "Start";
  error: AzureRefusal | undefined;
  readonly policy: Properties;
  readonly #set: Upgraded;
  /** What the machines shall be. */
  readonly profile: Properties;
  /** New machines that were not judged yet, each with the one whose place it takes. */
  #batch: { readonly instance: Instance; readonly former: Instance }[] = [];
  /** Former machines that were tried to be replaced. */
  readonly #tried = new Set<Instance>();
  #succeeded = 0;
  #failed = 0;

  constructor(set: Upgraded, profile: Properties, policy: Properties, startTime: string) {
    this.#set = set;
    this.profile = profile;
    this.policy = policy;
    this.startTime = startTime;
  }

  /** Goes a step further; whether that was the last. @throws what Azure's operation fails with */
  step(): boolean {
    if (this.code === "Completed") return true;
    if (this.error) throw this.error;
    if (this.#batch.length > 0) this.#judge();
    else this.#begin();
    if (this.error) throw this.error;
    return (this.code as string) === "Completed";
  }

  cancel(): void {
    this.code = "Cancelled";
    this.lastAction = "Cancel";
    this.error = new AzureRefusal(409, "OperationPreempted", "The rolling upgrade was cancelled by the user.");
    this.#batch = [];
  }

  get view(): Properties {
    const { code, startTime, lastAction, error, policy } = this;
    const left = this.#left().length;
    return {
      policy,
      runningStatus: { code, startTime, lastAction, lastActionTime: startTime },
      progress: {
        successfulInstanceCount: this.#succeeded,
        failedInstanceCount: this.#failed,
        inProgressInstanceCount: this.#batch.length,
        pendingInstanceCount: left,
      },
      ...(error && { error: { code: error.code, message: error.message, details: [] } }),
    };
  }

  #begin(): void {
    const { instances } = this.#set;
    const left = this.#left();
    if (left.length === 0) {
      this.code = "Completed";
      return;
    }
    const percent = (100 * instances.filter((instance) => !this.#set.isHealthy(instance)).length) / instances.length;
    const limit = this.#limit("maxUnhealthyInstancePercent");
    if (percent > limit) {
      const [when, said] = this.#tried.size === 0 ? ["Before", "due to exceeding"] : ["In", "after exceeding"];
      return this.#fault(
        `MaxUnhealthyInstancePercentExceeded${when}RollingUpgrade`,
        `Rolling Upgrade failed ${said} the MaxUnhealthyInstancePercent value defined in the RollingUpgradePolicy. ${Math.round(percent)}% of instances are in an unhealthy state - more than the threshold of ${limit}%. ${DOCS}`,
      );
    }
    const size = Math.max(1, Math.floor((instances.length * this.#limit("maxBatchInstancePercent")) / 100));
    const first =
      this.policy.prioritizeUnhealthyInstances === true
        ? [...left].sort((a, b) => Number(this.#set.isHealthy(a)) - Number(this.#set.isHealthy(b)))
        : left;
    const surges = this.policy.maxSurge === true;
    this.#batch = first
      .slice(0, size)
      .map((former) => ({ former, instance: this.#set.start(this.profile, surges ? undefined : former.id) }));
    // a surge has the new one beside the former; else it takes its place, and its number
    this.#set.instances = surges
      ? [...instances, ...this.#batch.map(({ instance }) => instance)]
      : instances.map((each) => this.#batch.find(({ former }) => former === each)?.instance ?? each);
  }

  #judge(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const { instance, former } of batch) {
      instance.judged = true;
      this.#tried.add(former);
    }
    const [good, bad] = [true, false].map((healthy) => batch.filter(({ instance }) => this.#set.isHealthy(instance) === healthy)) as [
      typeof batch,
      typeof batch,
    ];
    this.#succeeded += good.length;
    this.#failed += bad.length;
    if (this.policy.maxSurge === true) this.#drop([...good.map(({ former }) => former), ...bad.map(({ instance }) => instance)]);
    const total = this.#set.instances.length;
    const percent = (100 * this.#failed) / total;
    const limit = this.#limit("maxUnhealthyUpgradedInstancePercent");
    if (percent <= limit) return;
    if (this.policy.maxSurge !== true && this.policy.rollbackFailedInstancesOnPolicyBreach === true)
      this.#set.instances = this.#set.instances.map((each) => bad.find(({ instance }) => instance === each)?.former ?? each);
    this.#fault(
      "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
      `Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the RollingUpgradePolicy. ${Math.round((100 * bad.length) / batch.length)}% of instances are in an unhealthy state after being upgraded - more than the threshold of ${limit}%. The most impactful error is: Instance found to be unhealthy or unreachable. First failed instance ID is: ${bad[0]?.instance.id}. ${DOCS}`,
    );
  }

  #drop(gone: readonly Instance[]): void {
    this.#set.instances = this.#set.instances.filter((instance) => !gone.includes(instance));
  }

  #fault(code: string, message: string): void {
    this.code = "Faulted";
    this.error = new AzureRefusal(409, code, message);
  }

  #left(): Instance[] {
    const fresh = this.#batch.map(({ instance }) => instance);
    const now = canonicalJson(this.profile);
    return this.#set.instances.filter(
      (instance) => canonicalJson(instance.profile) !== now && !this.#tried.has(instance) && !fresh.includes(instance),
    );
  }

  #limit(name: string): number {
    return Number(valueAt(this.policy, name) ?? 20);
  }
}
