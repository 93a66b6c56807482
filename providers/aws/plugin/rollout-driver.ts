import { setTimeout as sleep } from "node:timers/promises";
import {
  AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  type LaunchTemplateSpecification,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import { isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RolloutDriver, RolloutPhase, RolloutReport } from "../../../sdk/rollout/rollout.ts";
import { type AwsAccess, clientConfig } from "./access/clients.ts";
import { fromAws } from "./access/failure.ts";
import { isVersion, type ScalingGroup, scalingGroup, type TemplateVersion } from "./scaling-group.ts";

/** Which rollout of which group: the version is the one that all instances must run. */
export interface RefreshTarget extends TemplateVersion {
  /** The Auto Scaling group's name. */
  readonly group: string;
  /** Percent of the group that stays in service during the refresh. */
  readonly minHealthyPercentage: number;
  /** Percent of the group that may exist during the refresh. */
  readonly maxHealthyPercentage: number;
  /** Seconds before a new instance counts as healthy. */
  readonly instanceWarmup: number;
}

/**
 * The driver of an Auto Scaling group: it rolls by an instance refresh. The refresh alone names the new version, and AWS saves
 * it in the group when every instance runs it, so a rollback leads to the old version. Where the group itself is given the new
 * version first, as Pulumi's AWS provider does, a rollback leads to the new one.
 *
 * Source: Amazon EC2 Auto Scaling API Reference, StartInstanceRefresh, DescribeInstanceRefreshes, RollbackInstanceRefresh
 * ("the configuration that it was using before the start of the instance refresh"); hashicorp/terraform-provider-aws,
 * internal/service/autoscaling/group.go, resourceGroupUpdate, and its issue 34189.
 */
export function instanceRefreshDriver(access: AwsAccess, target: RefreshTarget): RolloutDriver & Disposable {
  const client = new AutoScalingClient(clientConfig(access));
  const { group } = target;
  let launchFailed: string | undefined;
  let before: LaunchTemplateSpecification | undefined;
  /** A refresh of this driver's own, back to `before`. */
  let backId: string | undefined;
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
  const refreshTo = async (wanted: LaunchTemplateSpecification, signal?: AbortSignal): Promise<string | undefined> => {
    const { InstanceRefreshId } = await client
      .send(new StartInstanceRefreshCommand(startRequest(target, wanted)), signal && { abortSignal: signal })
      .catch((error: unknown) => {
        throw fromAws(error, `StartInstanceRefresh ${group}`, signal);
      });
    return InstanceRefreshId;
  };
  const save = async (signal: AbortSignal): Promise<void> => {
    await client
      .send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, LaunchTemplate: specification(target) }), {
        abortSignal: signal,
      })
      .catch((error: unknown) => {
        throw fromAws(error, `UpdateAutoScalingGroup ${group}`, signal);
      });
  };
  return {
    async start(signal) {
      // a group has one refresh at a time: one that another run started must end first
      for (let running = await latest(); running && !isOver(running); running = await latest()) {
        // an interrupted run started it; it may be rolling back already
        if (isVersion(running.DesiredConfiguration?.LaunchTemplate, target)) {
          before = (await scalingGroup(client, group, target, signal)).saved;
          return running.InstanceRefreshId;
        }
        await sleep(WAIT_MS, undefined, { signal });
      }
      const { saved, ready, total, others } = await scalingGroup(client, group, target, signal);
      before = saved;
      if (others.length > 0) return refreshTo(specification(target), signal);
      // nothing runs to which the group could come back
      if (!isVersion(saved, target)) await save(signal);
      return ready === total ? undefined : LAUNCH;
    },
    async describe(id) {
      if (id === LAUNCH) {
        const { ready, total, others } = await scalingGroup(client, group, target);
        if (launchFailed !== undefined) return { phase: "stuck", updated: ready, total, reason: "the fleet had no earlier image" };
        return { phase: ready === total && others.length === 0 ? "done" : "rolling", updated: ready, total };
      }
      const at = backId ?? id;
      const [refresh, now] = await Promise.all([latest(at), scalingGroup(client, group, target)]);
      if (!refresh) throw new LinuxKitError("NOT_FOUND", `aws DescribeInstanceRefreshes ${group}: refresh ${at} not found`, { what: at });
      const report = backId === undefined ? reportOf(refresh) : backReportOf(refresh);
      return { ...inInstances(report, now, target), updated: now.ready, total: now.total };
    },
    async rollBack(id, reason) {
      if (id === LAUNCH) {
        launchFailed = reason;
        return;
      }
      await client.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: group })).catch(async (error: unknown) => {
        // somebody has cancelled the refresh, or AWS has given it up: its instances remain
        if (!isOverAlready(error) || before === undefined || isVersion(before, target))
          throw fromAws(error, `RollbackInstanceRefresh ${group}`);
        backId = await refreshTo(before);
      });
    },
    async drift(signal) {
      const found = await scalingGroup(client, group, target, signal).catch((error: unknown) => {
        if (isLinuxKitError(error, "NOT_FOUND")) return undefined;
        throw error;
      });
      if (!found) return undefined;
      const { saved, others } = found;
      return [
        ...(isVersion(saved, target) ? [] : [`group ${group} launches ${named(saved, target)}`]),
        ...others.map(({ id, runs }) => `${id} runs ${named(runs, target)}`),
      ];
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** `version 3 of lt-0a instead of 4`. An instance outlives its template, of which AWS then says nothing. */
function named(runs: LaunchTemplateSpecification | undefined, { launchTemplateId, launchTemplateVersion }: TemplateVersion): string {
  if (!runs?.Version) return `a launch template that is gone instead of version ${launchTemplateVersion} of ${launchTemplateId}`;
  const own = runs.LaunchTemplateId ?? runs.LaunchTemplateName ?? launchTemplateId;
  const wanted = own === launchTemplateId ? launchTemplateVersion : `version ${launchTemplateVersion} of ${launchTemplateId}`;
  return `version ${runs.Version} of ${own} instead of ${wanted}`;
}

/** Milliseconds between two looks at an earlier refresh. */
const WAIT_MS = 5000;

/** The id of a rollout without a refresh: the start of a group's first instances. */
const LAUNCH = "launch";

function specification({ launchTemplateId, launchTemplateVersion }: TemplateVersion): LaunchTemplateSpecification {
  return { LaunchTemplateId: launchTemplateId, Version: launchTemplateVersion };
}

function startRequest(
  { group, minHealthyPercentage, maxHealthyPercentage, instanceWarmup }: RefreshTarget,
  LaunchTemplate: LaunchTemplateSpecification,
) {
  return {
    AutoScalingGroupName: group,
    Strategy: "Rolling" as const,
    DesiredConfiguration: { LaunchTemplate },
    Preferences: {
      AutoRollback: true,
      SkipMatching: true,
      MinHealthyPercentage: minHealthyPercentage,
      MaxHealthyPercentage: maxHealthyPercentage,
      InstanceWarmup: instanceWarmup,
    },
  };
}

/** Source: Amazon EC2 Auto Scaling API Reference, RollbackInstanceRefresh, "Errors". */
function isOverAlready(error: unknown): boolean {
  return ["ActiveInstanceRefreshNotFound", "ActiveInstanceRefreshNotFoundFault"].includes((error as Error | undefined)?.name ?? "");
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

/** The status of a refresh that this driver started to come back. */
function backReportOf(refresh: InstanceRefresh): Pick<RolloutReport, "phase" | "reason"> {
  const { phase, ...more } = reportOf(refresh);
  const back = { rolling: "returning", done: "returned", failed: "stuck", returned: "stuck" } as const;
  return { ...more, phase: back[phase as keyof typeof back] ?? phase };
}

/** A report that holds of the instances too: AWS's word that a refresh or a rollback succeeded is about its own steps. */
function inInstances(
  report: Pick<RolloutReport, "phase" | "reason">,
  { saved, wanted, others }: ScalingGroup,
  target: TemplateVersion,
): Pick<RolloutReport, "phase" | "reason"> {
  const { phase } = report;
  if (phase === "done" && others.length > 0) return { ...report, phase: "rolling" };
  if (phase !== "returned" || wanted.length === 0) return report;
  if (!isVersion(saved, target)) return { ...report, phase: "returning" };
  const version = `version ${target.launchTemplateVersion} of the launch template`;
  return {
    phase: "stuck",
    reason: `${wanted.join(", ")} still run ${version}: the group's own configuration names it, so AWS rolled back to it`,
  };
}
