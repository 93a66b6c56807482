import { AutoScalingClient, DescribeAutoScalingGroupsCommand, DescribeInstanceRefreshesCommand, type InstanceRefresh, RollbackInstanceRefreshCommand, StartInstanceRefreshCommand } from "@aws-sdk/client-auto-scaling";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { RolloutDriver, RolloutPhase, RolloutReport } from "../../sdk/upload/rollout.ts";
import { type AwsAccess, clientConfig } from "./access/clients.ts";
import { fromAws } from "./access/failure.ts";

/** Which rollout of which group. */
export interface RefreshTarget {
  /** The Auto Scaling group's name. */
  readonly group: string;
  readonly launchTemplateId: string;
  /** The numbered version that all instances shall have: with `$Latest` no refresh begins, and none can be rolled back. */
  readonly launchTemplateVersion: string;
  /** Percent of the group that stays in service meanwhile. */
  readonly minHealthyPercentage: number;
  /** Percent of the group that there may be meanwhile. */
  readonly maxHealthyPercentage: number;
  /** Seconds that a new instance is given before it counts. */
  readonly instanceWarmup: number;
}

/**
 * How a rollout's gate drives an Auto Scaling group's instance refresh.
 *
 * Source: Amazon EC2 Auto Scaling API Reference, StartInstanceRefresh, DescribeInstanceRefreshes, RollbackInstanceRefresh.
 */
export function instanceRefreshDriver(access: AwsAccess, target: RefreshTarget): RolloutDriver & Disposable {
  const client = new AutoScalingClient(clientConfig(access));
  const { group } = target;
  let launchFailed: string | undefined;
  const latest = async (id?: string): Promise<InstanceRefresh | undefined> => {
    const { InstanceRefreshes: [refresh] = [] } = await client.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, ...(id !== undefined ? { InstanceRefreshIds: [id] } : { MaxRecords: 1 }) })).catch((error: unknown) => {
      throw fromAws(error, `DescribeInstanceRefreshes ${group}`);
    });
    return refresh;
  };
  return {
    async start(signal) {
      const running = await latest();
      // the provider of the group may have begun it when it changed the group
      if (running && isUnderWay(running) && versionOf(running) === target.launchTemplateVersion) return running.InstanceRefreshId;
      const instances = await describeInstances(client, target, signal);
      if (instances.ready === instances.total) return undefined;
      if (instances.others === 0) return LAUNCH;
      const { InstanceRefreshId } = await client.send(new StartInstanceRefreshCommand(startRequest(target)), { abortSignal: signal }).catch((error: unknown) => {
        throw fromAws(error, `StartInstanceRefresh ${group}`, signal);
      });
      return InstanceRefreshId;
    },
    async describe(id) {
      if (id === LAUNCH) {
        const { ready, total } = await describeInstances(client, target);
        if (launchFailed !== undefined) return { phase: "stuck", updated: ready, total, reason: "there was none before this one" };
        return { phase: ready === total ? "done" : "rolling", updated: ready, total };
      }
      const refresh = await latest(id);
      if (!refresh) throw new LinuxKitError("NOT_FOUND", `aws DescribeInstanceRefreshes ${group}: no refresh ${id}`, { what: id });
      return reportOf(refresh);
    },
    async rollBack(id, reason) {
      if (id === LAUNCH) launchFailed = reason;
      else {
        await client.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group })).catch((error: unknown) => {
          throw fromAws(error, `RollbackInstanceRefresh ${group}`);
        });
      }
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** The id of what is no refresh: a group's first instances, which are waited for. */
const LAUNCH = "launch";

function startRequest({ group, launchTemplateId, launchTemplateVersion, minHealthyPercentage, maxHealthyPercentage, instanceWarmup }: RefreshTarget) {
  return {
    AutoScalingGroupName: group,
    Strategy: "Rolling" as const,
    DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: launchTemplateId, Version: launchTemplateVersion } },
    Preferences: { AutoRollback: true, SkipMatching: true, MinHealthyPercentage: minHealthyPercentage, MaxHealthyPercentage: maxHealthyPercentage, InstanceWarmup: instanceWarmup },
  };
}

/** Instances that are wanted, those in service with the wanted version, and those with another one. */
async function describeInstances(client: AutoScalingClient, { group, launchTemplateVersion }: RefreshTarget, signal?: AbortSignal): Promise<{ readonly total: number; readonly ready: number; readonly others: number }> {
  const { AutoScalingGroups: [found] = [] } = await client.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }), signal && { abortSignal: signal }).catch((error: unknown) => {
    throw fromAws(error, `DescribeAutoScalingGroups ${group}`, signal);
  });
  if (!found) throw new LinuxKitError("NOT_FOUND", `aws DescribeAutoScalingGroups: no group ${group}`, { what: group });
  const { Instances: instances = [], DesiredCapacity: total = 0 } = found;
  const wanted = instances.filter(({ LaunchTemplate }) => LaunchTemplate?.Version === launchTemplateVersion);
  const ready = wanted.filter(({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy").length;
  const others = instances.length - wanted.length;
  // one of the old ones more is not as wanted yet
  return { total, ready: others > 0 ? Math.min(ready, total - 1) : Math.min(ready, total), others };
}

const PHASES: Readonly<Record<string, RolloutPhase>> = {
  Pending: "rolling",
  InProgress: "rolling",
  Baking: "rolling",
  Successful: "done",
  Failed: "failed",
  Cancelling: "rolling",
  Cancelled: "failed",
  RollbackInProgress: "returning",
  RollbackSuccessful: "returned",
  RollbackFailed: "stuck",
};

function isUnderWay({ Status }: InstanceRefresh): boolean {
  return PHASES[Status ?? ""] === "rolling" && Status !== "Cancelling";
}

function versionOf({ DesiredConfiguration }: InstanceRefresh): string | undefined {
  return DesiredConfiguration?.LaunchTemplate?.Version;
}

/** A refresh as the gate sees it. */
export function reportOf({ Status, StatusReason, InstancesToUpdate: left, PercentageComplete: percent = 0, ProgressDetails }: InstanceRefresh): RolloutReport {
  const phase = PHASES[Status ?? ""];
  if (!phase) throw new LinuxKitError("UNSUPPORTED", `aws DescribeInstanceRefreshes: got the status ${Status ?? "none"}, wanted one of ${Object.keys(PHASES).join(", ")}`, { what: Status ?? "none" });
  // what is left to do is told, and how far it is in percent; the whole follows from both
  const remaining = left ?? ProgressDetails?.LivePoolProgress?.InstancesToUpdate ?? 0;
  const total = percent >= 100 || remaining === 0 ? remaining : Math.round(remaining / (1 - percent / 100));
  const updated = phase === "done" ? total : total - remaining;
  return { phase, updated, total, ...(StatusReason && { reason: lower(StatusReason) }) };
}

function lower(text: string): string {
  return (text[0]?.toLowerCase() ?? "") + text.slice(1).replace(/\.\s*$/, "");
}
