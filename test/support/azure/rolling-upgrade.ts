/**
 * Plays the rolling upgrade of a scale set.
 *
 * Source: Azure, "Rolling upgrades on Virtual Machine Scale Sets".
 * Source: codes and texts of failures from Azure/azure-powershell#11896, opencb/opencga#987 and
 * hashicorp/terraform-provider-azurerm#15196.
 * Assumed: the order in which batches start and are checked; that each poll moves the upgrade by one half of a batch.
 */
import { canonicalJson } from "../../../sdk/core/json.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { valueAt } from "./arm-shape.ts";
import { AzureRefusal } from "./refusal.ts";

/** A machine of a scale set. */
export interface Instance {
  readonly id: string;
  /** The `virtualMachineProfile` that it started with. */
  profile: Properties;
  /** ID of its image in lower case. */
  image: string;
  /** Whether its health was probed since it started. */
  judged: boolean;
}

/** The scale set, as an upgrade uses it. */
export interface Upgraded {
  instances: Instance[];
  /** @param id ID of the machine to replace in place; without it, the machine is additional */
  start(profile: Properties, id?: string): Instance;
  isHealthy(instance: Instance): boolean;
}

const DOCS = "For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade";

/**
 * A rolling upgrade: it replaces a batch, checks its health, then starts the next. With
 * `rollbackFailedInstancesOnPolicyBreach` Azure restores only the machines of the failed batch; the model stays new.
 */
export class RollingUpgrade {
  readonly startTime: string;
  code: "RollingForward" | "Cancelled" | "Completed" | "Faulted" = "RollingForward";
  lastAction: "Start" | "Cancel" = "Start";
  error: AzureRefusal | undefined;
  readonly policy: Properties;
  readonly #set: Upgraded;
  /** The profile that the upgrade rolls out. */
  readonly profile: Properties;
  /** New machines whose health is not yet checked, each with the machine it replaces. */
  #batch: { readonly instance: Instance; readonly former: Instance }[] = [];
  /** Old machines whose replacement was attempted. */
  readonly #tried = new Set<Instance>();
  #succeeded = 0;
  #failed = 0;

  constructor(set: Upgraded, profile: Properties, policy: Properties, startTime: string) {
    this.#set = set;
    this.profile = profile;
    this.policy = policy;
    this.startTime = startTime;
  }

  /** Runs one step; true after the last. @throws the error of Azure's operation */
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
    // a surge adds the new machine; otherwise it takes the place and the ID of the old one
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
