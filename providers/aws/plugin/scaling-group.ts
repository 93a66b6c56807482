import { type AutoScalingClient, DescribeAutoScalingGroupsCommand, type LaunchTemplateSpecification } from "@aws-sdk/client-auto-scaling";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { fromAws } from "./access/failure.ts";

/** A version of a launch template. */
export interface TemplateVersion {
  readonly launchTemplateId: string;
  /** Its number: a refresh to `$Latest` cannot be rolled back. */
  readonly launchTemplateVersion: string;
}

/** An Auto Scaling group, as the gate sees it. Instances that are being terminated do not count. */
export interface ScalingGroup {
  /** The version that the group's own configuration names: AWS launches from it, and rolls back to it. */
  readonly saved: LaunchTemplateSpecification | undefined;
  /** The wanted number of instances. */
  readonly total: number;
  /** Instances in service with the wanted version, at most `total`. */
  readonly ready: number;
  /** Ids of all instances with the wanted version. */
  readonly wanted: readonly string[];
  /** All instances with another version. */
  readonly others: readonly { readonly id: string; readonly runs: LaunchTemplateSpecification | undefined }[];
}

/** Whether AWS names that version. A name in place of the id is that of the group's only template. */
export function isVersion(
  given: LaunchTemplateSpecification | undefined,
  { launchTemplateId, launchTemplateVersion }: TemplateVersion,
): boolean {
  return given?.Version === launchTemplateVersion && (given.LaunchTemplateId ?? launchTemplateId) === launchTemplateId;
}

/** Reads a group, and the version that each of its instances runs. @throws NOT_FOUND, and as `fromAws` */
export async function scalingGroup(
  client: AutoScalingClient,
  group: string,
  version: TemplateVersion,
  signal?: AbortSignal,
): Promise<ScalingGroup> {
  const { AutoScalingGroups: [found] = [] } = await client
    .send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }), signal && { abortSignal: signal })
    .catch((error: unknown) => {
      throw fromAws(error, `DescribeAutoScalingGroups ${group}`, signal);
    });
  if (!found) throw new LinuxKitError("NOT_FOUND", `aws DescribeAutoScalingGroups: group ${group} not found`, { what: group });
  const { Instances: all = [], DesiredCapacity: total = 0, LaunchTemplate: saved } = found;
  const instances = all.filter(({ LifecycleState = "" }) => !LifecycleState.startsWith("Terminat"));
  const wanted = instances.filter(({ LaunchTemplate }) => isVersion(LaunchTemplate, version));
  const ready = wanted.filter(({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus === "Healthy").length;
  return {
    saved,
    total,
    ready: Math.min(ready, total),
    wanted: wanted.map(({ InstanceId = "" }) => InstanceId),
    others: instances
      .filter((instance) => !wanted.includes(instance))
      .map(({ InstanceId = "", LaunchTemplate }) => ({ id: InstanceId, runs: LaunchTemplate })),
  };
}
