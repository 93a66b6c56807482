import { setTimeout as sleep } from "node:timers/promises";
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
} from "@aws-sdk/client-auto-scaling";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RolloutDriver, RolloutPhase, RolloutReport } from "../../../sdk/rollout/rollout.ts";
import { type AwsAccess, clientConfig } from "./access/clients.ts";
import { fromAws } from "./access/failure.ts";

/** Which rollout of which group. */
export interface RefreshTarget {
  /** The Auto Scaling group's name. */
  readonly group: string;
  readonly launchTemplateId: string;
  /** The number of the version that all instances must run: `$Latest` starts no refresh, and such a refresh cannot be rolled back. */
  readonly launchTemplateVersion: string;
  /** Percent of the group that stays in service during the refresh. */
  readonly minHealthyPercentage: number;
  /** Percent of the group that may exist during the refresh. */
  readonly maxHealthyPercentage: number;
  /** Seconds before a new instance counts as healthy. */
  readonly instanceWarmup: number;
}

/**
 * The driver of an Auto Scaling group: it rolls by an instance refresh.
 *
 * Source: Amazon EC2 Auto Scaling API Reference, StartInstanceRefresh, DescribeInstanceRefreshes, RollbackInstanceRefresh.
 */
export function instanceRefreshDriver(access: AwsAccess, target: RefreshTarget): RolloutDriver & Disposable {
  const client = new AutoScalingClient(clientConfig(access));
  const { group } = target;
  let launchFailed: string | undefined;
  const latest = async (id?: string): Promise<InstanceRefresh | undefined> => {
    const { InstanceRefreshes: [refresh] = [] } = await client
      .send(
        new DescribeInstanceRefreshesCommand({
          AutoScalingGroupName: group,
          ...(id !== undefined ? { InstanceRefreshIds: [id] } : { MaxRecords: 1 }),
        }),
      )
      .catch((error: unknown) => {
        throw fromAws(error, `DescribeInstanceRefreshes ${group}`);
      });
    return refresh;
  };
  return {
    async start(signal) {
      // a group has one refresh at a time: one that another run started must end first
      for (let running = await latest(); running && !isOver(running); running = await latest()) {
        // the group's own resource starts it when the group changes; it may be rolling back already
        if (versionOf(running) === target.launchTemplateVersion) return running.InstanceRefreshId;
        await sleep(WAIT_MS, undefined, { signal });
      }
      const instances = await describeInstances(client, target, signal);
      if (instances.ready === instances.total && instances.others === 0) return undefined;
      if (instances.others === 0) return LAUNCH;
      const { InstanceRefreshId } = await client
        .send(new StartInstanceRefreshCommand(startRequest(target)), { abortSignal: signal })
        .catch((error: unknown) => {
          throw fromAws(error, `StartInstanceRefresh ${group}`, signal);
        });
      return InstanceRefreshId;
    },
    async describe(id) {
      if (id === LAUNCH) {
        const { ready, total } = await describeInstances(client, target);
        if (launchFailed !== undefined) return { phase: "stuck", updated: ready, total, reason: "the fleet had no earlier image" };
        return { phase: ready === total ? "done" : "rolling", updated: ready, total };
      }
      const [refresh, { ready, total }] = await Promise.all([latest(id), describeInstances(client, target)]);
      if (!refresh) throw new LinuxKitError("NOT_FOUND", `aws DescribeInstanceRefreshes ${group}: refresh ${id} not found`, { what: id });
      return { ...reportOf(refresh), updated: ready, total };
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

/** Milliseconds between two looks at an earlier refresh. */
const WAIT_MS = 5000;

/** The id of a rollout without a refresh: the start of a group's first instances. */
const LAUNCH = "launch";

function startRequest({
  group,
  launchTemplateId,
  launchTemplateVersion,
  minHealthyPercentage,
  maxHealthyPercentage,
  instanceWarmup,
}: RefreshTarget) {
  return {
    AutoScalingGroupName: group,
    Strategy: "Rolling" as const,
    DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: launchTemplateId, Version: launchTemplateVersion } },
    Preferences: {
      AutoRollback: true,
      SkipMatching: true,
      MinHealthyPercentage: minHealthyPercentage,
      MaxHealthyPercentage: maxHealthyPercentage,
      InstanceWarmup: instanceWarmup,
    },
  };
}

/** The wanted number of instances, those in service with the wanted version, and those with another version. */
async function describeInstances(
  client: AutoScalingClient,
  { group, launchTemplateVersion }: RefreshTarget,
  signal?: AbortSignal,
): Promise<{ readonly total: number; readonly ready: number; readonly others: number }> {
  const { AutoScalingGroups: [found] = [] } = await client
    .send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }), signal && { abortSignal: signal })
    .catch((error: unknown) => {
      throw fromAws(error, `DescribeAutoScalingGroups ${group}`, signal);
    });
  if (!found) throw new LinuxKitError("NOT_FOUND", `aws DescribeAutoScalingGroups: group ${group} not found`, { what: group });
  const { Instances: instances = [], DesiredCapacity: total = 0 } = found;
  const wanted = instances.filter(({ LaunchTemplate }) => LaunchTemplate?.Version === launchTemplateVersion);
  const ready = wanted.filter(({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy").length;
  const others = instances.length - wanted.length;
  return { total, ready: Math.min(ready, total), others };
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

function isOver({ Status }: InstanceRefresh): boolean {
  const phase = PHASES[Status ?? ""];
  return phase !== undefined && phase !== "rolling" && phase !== "returning";
}

function versionOf({ DesiredConfiguration }: InstanceRefresh): string | undefined {
  return DesiredConfiguration?.LaunchTemplate?.Version;
}

/** A refresh's status as a rollout's phase, and AWS's reason. */
export function reportOf({ Status, StatusReason }: InstanceRefresh): Pick<RolloutReport, "phase" | "reason"> {
  const phase = PHASES[Status ?? ""];
  if (!phase)
    throw new LinuxKitError(
      "UNSUPPORTED",
      `aws DescribeInstanceRefreshes: got the status ${Status ?? "none"}, wanted one of ${Object.keys(PHASES).join(", ")}`,
      { what: Status ?? "none" },
    );
  return { phase, ...(StatusReason && { reason: lower(StatusReason) }) };
}

function lower(text: string): string {
  return (text[0]?.toLowerCase() ?? "") + text.slice(1).replace(/\.\s*$/, "");
}
