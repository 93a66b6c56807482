/**
 * Plays Auto Scaling's groups and instance refreshes, as far as a fleet and its gate call them.
 *
 * Source: Amazon EC2 Auto Scaling API Reference: DescribeAutoScalingGroups, StartInstanceRefresh,
 * DescribeInstanceRefreshes, RollbackInstanceRefresh.
 * Assumed: that each poll moves a refresh by one instance, the words of StatusReason, and that PercentageComplete is
 * rounded down.
 */
import { AwsRefusal } from "./ebs-snapshots.ts";

interface Instance {
  readonly id: string;
  version: string;
  state: "Pending" | "InService";
  healthy: boolean;
}

interface Refresh {
  readonly id: string;
  readonly wanted: string;
  readonly before: string;
  status: "InProgress" | "Successful" | "RollbackInProgress" | "RollbackSuccessful";
  reason: string;
}

/** An Auto Scaling group. A refresh replaces one instance at each poll, so its speed is that of the caller. */
export interface ScalingGroup {
  readonly name: string;
  readonly templateId: string;
  version: string;
  size: number;
  readonly instances: Instance[];
  readonly refreshes: Refresh[];
}

/** The groups of one account and their instance refreshes. */
export class AutoScaling {
  readonly groups = new Map<string, ScalingGroup>();
  /** Whether instances of a launch template's version never become healthy. */
  isUnhealthy: (version: string) => boolean = () => false;
  /** Whether refreshes stop after one new instance, until they are rolled back. A test sets it to inspect a running refresh. */
  held = false;
  #count = 0;

  create(name: string, templateId: string, version: string, size: number): void {
    const instances = Array.from({ length: size }, () => this.#instance(version));
    this.groups.set(name, { name, templateId, version, size, instances, refreshes: [] });
  }

  /** StartInstanceRefresh, for a request and for the provider of the group. */
  startRefresh(name: string, version: string): string {
    const group = this.#get(name);
    if (!/^\d+$/.test(version)) throw new AwsRefusal(400, "ValidationError", "a refresh that may be rolled back needs a numbered version");
    if (group.refreshes.some(({ status }) => /InProgress/.test(status)))
      throw new AwsRefusal(400, "InstanceRefreshInProgress", "An Instance Refresh is already in progress");
    const refresh: Refresh = { id: `refresh-${++this.#count}`, wanted: version, before: group.version, status: "InProgress", reason: "" };
    group.refreshes.unshift(refresh);
    return refresh.id;
  }

  /** The answer in the query protocol; undefined for an action of another service. */
  action(action: string, form: URLSearchParams): string | undefined {
    const name = form.get("AutoScalingGroupName") ?? form.get("AutoScalingGroupNames.member.1") ?? "";
    switch (action) {
      case "DescribeAutoScalingGroups": {
        const group = this.groups.get(name);
        if (group) this.#launch(group);
        return answer(action, `<AutoScalingGroups>${group ? groupXml(group) : ""}</AutoScalingGroups>`);
      }
      case "StartInstanceRefresh": {
        const version = form.get("DesiredConfiguration.LaunchTemplate.Version") ?? "";
        return answer(action, `<InstanceRefreshId>${this.startRefresh(name, version)}</InstanceRefreshId>`);
      }
      case "DescribeInstanceRefreshes": {
        const group = this.#get(name);
        const wanted = form.get("InstanceRefreshIds.member.1");
        if (wanted !== null) this.#advance(group);
        const found = group.refreshes.filter(({ id }) => wanted === null || id === wanted).slice(0, Number(form.get("MaxRecords") ?? 50));
        return answer(action, `<InstanceRefreshes>${found.map((refresh) => refreshXml(group, refresh)).join("")}</InstanceRefreshes>`);
      }
      case "RollbackInstanceRefresh": {
        const group = this.#get(name);
        const running = group.refreshes.find(({ status }) => status === "InProgress");
        if (!running) throw new AwsRefusal(400, "ActiveInstanceRefreshNotFound", "no refresh is in progress");
        rollBack(running, "The rollback was requested");
        return answer(action, `<InstanceRefreshId>${running.id}</InstanceRefreshId>`);
      }
      default:
        return undefined;
    }
  }

  #advance(group: ScalingGroup): void {
    const [refresh] = group.refreshes;
    if (!refresh || (this.held && refresh.status === "InProgress" && group.instances.some(({ version }) => version === refresh.wanted)))
      return;
    if (refresh.status === "InProgress") {
      const next = group.instances.find(({ version }) => version !== refresh.wanted);
      if (next && this.isUnhealthy(refresh.wanted)) rollBack(refresh, "Instances failed their health check. A rollback was started");
      else if (next) next.version = refresh.wanted;
      else {
        refresh.status = "Successful";
        group.version = refresh.wanted;
      }
    } else if (refresh.status === "RollbackInProgress") {
      const next = group.instances.find(({ version }) => version !== refresh.before);
      if (next) next.version = refresh.before;
      else refresh.status = "RollbackSuccessful";
    }
  }

  #launch(group: ScalingGroup): void {
    const pending = group.instances.find(({ state }) => state === "Pending");
    if (!pending || this.isUnhealthy(pending.version)) return;
    pending.state = "InService";
    pending.healthy = true;
  }

  #instance(version: string): Instance {
    return { id: `i-${(++this.#count).toString(16).padStart(17, "0")}`, version, state: "Pending", healthy: false };
  }

  #get(name: string): ScalingGroup {
    const group = this.groups.get(name);
    if (!group) throw new AwsRefusal(400, "ValidationError", `AutoScalingGroup name not found - ${name}`);
    return group;
  }
}

function rollBack(refresh: Refresh, reason: string): void {
  refresh.status = "RollbackInProgress";
  refresh.reason = reason;
}

function answer(action: string, result: string): string {
  return `<${action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><${action}Result>${result}</${action}Result></${action}Response>`;
}

function groupXml({ name, size, templateId, instances }: ScalingGroup): string {
  const members = instances.map(
    ({ id, version, state, healthy }) =>
      `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState><HealthStatus>${healthy ? "Healthy" : "Unhealthy"}</HealthStatus><LaunchTemplate><LaunchTemplateId>${templateId}</LaunchTemplateId><Version>${version}</Version></LaunchTemplate></member>`,
  );
  return `<member><AutoScalingGroupName>${name}</AutoScalingGroupName><DesiredCapacity>${size}</DesiredCapacity><Instances>${members.join("")}</Instances></member>`;
}

function refreshXml(group: ScalingGroup, { id, wanted, status, reason }: Refresh): string {
  const left = group.instances.filter(({ version }) => version !== wanted).length;
  const percent = Math.floor((100 * (group.size - left)) / group.size);
  return `<member><InstanceRefreshId>${id}</InstanceRefreshId><AutoScalingGroupName>${group.name}</AutoScalingGroupName><Status>${status}</Status>${reason ? `<StatusReason>${reason}.</StatusReason>` : ""}<PercentageComplete>${percent}</PercentageComplete><InstancesToUpdate>${left}</InstancesToUpdate><DesiredConfiguration><LaunchTemplate><LaunchTemplateId>${group.templateId}</LaunchTemplateId><Version>${wanted}</Version></LaunchTemplate></DesiredConfiguration></member>`;
}
