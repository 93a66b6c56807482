/**
 * Plays Auto Scaling's groups and instance refreshes, as far as a fleet and its gate call them.
 *
 * Source: Amazon EC2 Auto Scaling API Reference: DescribeAutoScalingGroups, UpdateAutoScalingGroup, StartInstanceRefresh,
 * DescribeInstanceRefreshes; RollbackInstanceRefresh: a rollback leads to "the configuration that it was using before the
 * start of the instance refresh", which is what the group itself had saved.
 * Assumed: that each poll moves a refresh by one instance, the words of StatusReason, and that PercentageComplete is
 * rounded down.
 */
import { AwsRefusal } from "./ebs-snapshots.ts";

/** A version of a launch template. */
export interface Launch {
  readonly templateId: string;
  readonly version: string;
}

interface Instance extends Launch {
  readonly id: string;
  templateId: string;
  version: string;
  state: "Pending" | "InService";
  healthy: boolean;
}

interface Refresh {
  readonly id: string;
  readonly wanted: Launch;
  readonly before: Launch;
  status: "InProgress" | "Successful" | "Cancelled" | "RollbackInProgress" | "RollbackSuccessful";
  reason: string;
}

/** An Auto Scaling group. A refresh replaces one instance at each poll, so its speed is that of the caller. */
export interface ScalingGroup {
  readonly name: string;
  /** What it launches from. A refresh changes it when it succeeds. */
  saved: Launch;
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

  create(name: string, saved: Launch, size: number): void {
    const instances = Array.from({ length: size }, () => this.#instance(saved));
    this.groups.set(name, { name, saved, size, instances, refreshes: [] });
  }

  /** UpdateAutoScalingGroup, for a request and for the provider of the group: what it launches from, or its size, or both. */
  update(name: string, { saved, size }: { readonly saved?: Launch | undefined; readonly size?: number | undefined }): void {
    const group = this.#get(name);
    if (saved) group.saved = saved;
    if (size === undefined) return;
    group.size = size;
    group.instances.length = Math.min(group.instances.length, size);
    while (group.instances.length < size) group.instances.push(this.#instance(group.saved));
  }

  /** CancelInstanceRefresh: the instances that it has replaced remain. */
  cancelRefresh(name: string): void {
    const running = this.#get(name).refreshes.find(({ status }) => status === "InProgress");
    if (running) running.status = "Cancelled";
  }

  /** StartInstanceRefresh, for a request and for the provider of the group. */
  startRefresh(name: string, wanted: Launch): string {
    const group = this.#get(name);
    if (!/^\d+$/.test(wanted.version))
      throw new AwsRefusal(400, "ValidationError", "a refresh that may be rolled back needs a numbered version");
    if (group.refreshes.some(({ status }) => /InProgress/.test(status)))
      throw new AwsRefusal(400, "InstanceRefreshInProgress", "An Instance Refresh is already in progress");
    const refresh: Refresh = { id: `refresh-${++this.#count}`, wanted, before: group.saved, status: "InProgress", reason: "" };
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
      case "UpdateAutoScalingGroup":
        this.update(name, { saved: launchOf(form, "LaunchTemplate") });
        return answer(action, "");
      case "StartInstanceRefresh": {
        const wanted = launchOf(form, "DesiredConfiguration.LaunchTemplate");
        if (form.get("Preferences.AutoRollback") === "true" && !wanted)
          throw new AwsRefusal(400, "ValidationError", "The AutoRollback parameter cannot be true when DesiredConfiguration is empty");
        return answer(action, `<InstanceRefreshId>${this.startRefresh(name, wanted ?? this.#get(name).saved)}</InstanceRefreshId>`);
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
    if (!refresh || (this.held && refresh.status === "InProgress" && group.instances.some((instance) => runs(instance, refresh.wanted))))
      return;
    if (refresh.status === "InProgress") {
      const next = group.instances.find((instance) => !runs(instance, refresh.wanted));
      if (group.instances.some((instance) => runs(instance, refresh.wanted)) && this.isUnhealthy(refresh.wanted.version))
        rollBack(refresh, "Instances failed their health check. A rollback was started");
      else if (next) Object.assign(next, refresh.wanted, { healthy: !this.isUnhealthy(refresh.wanted.version) });
      else {
        refresh.status = "Successful";
        group.saved = refresh.wanted;
      }
    } else if (refresh.status === "RollbackInProgress") {
      const next = group.instances.find((instance) => !runs(instance, refresh.before));
      if (next) Object.assign(next, refresh.before, { healthy: !this.isUnhealthy(refresh.before.version) });
      else refresh.status = "RollbackSuccessful";
    }
  }

  #launch(group: ScalingGroup): void {
    const pending = group.instances.find(({ state }) => state === "Pending");
    if (!pending || this.isUnhealthy(pending.version)) return;
    pending.state = "InService";
    pending.healthy = true;
  }

  #instance(launch: Launch): Instance {
    return { id: `i-${(++this.#count).toString(16).padStart(17, "0")}`, ...launch, state: "Pending", healthy: false };
  }

  #get(name: string): ScalingGroup {
    const group = this.groups.get(name);
    if (!group) throw new AwsRefusal(400, "ValidationError", `AutoScalingGroup name not found - ${name}`);
    return group;
  }
}

function runs(instance: Launch, { templateId, version }: Launch): boolean {
  return instance.templateId === templateId && instance.version === version;
}

function launchOf(form: URLSearchParams, at: string): Launch | undefined {
  const [templateId, version] = [form.get(`${at}.LaunchTemplateId`), form.get(`${at}.Version`)];
  return templateId === null || version === null ? undefined : { templateId, version };
}

function rollBack(refresh: Refresh, reason: string): void {
  refresh.status = "RollbackInProgress";
  refresh.reason = reason;
}

function answer(action: string, result: string): string {
  return `<${action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><${action}Result>${result}</${action}Result></${action}Response>`;
}

function launchXml({ templateId, version }: Launch): string {
  return `<LaunchTemplate><LaunchTemplateId>${templateId}</LaunchTemplateId><Version>${version}</Version></LaunchTemplate>`;
}

function groupXml({ name, size, saved, instances }: ScalingGroup): string {
  const members = instances.map(
    ({ id, state, healthy, ...launch }) =>
      `<member><InstanceId>${id}</InstanceId><LifecycleState>${state}</LifecycleState><HealthStatus>${healthy ? "Healthy" : "Unhealthy"}</HealthStatus>${launchXml(launch)}</member>`,
  );
  return `<member><AutoScalingGroupName>${name}</AutoScalingGroupName>${launchXml(saved)}<DesiredCapacity>${size}</DesiredCapacity><Instances>${members.join("")}</Instances></member>`;
}

function refreshXml(group: ScalingGroup, { id, wanted, status, reason }: Refresh): string {
  const left = group.instances.filter((instance) => !runs(instance, wanted)).length;
  const percent = group.size === 0 ? 100 : Math.floor((100 * (group.size - left)) / group.size);
  return `<member><InstanceRefreshId>${id}</InstanceRefreshId><AutoScalingGroupName>${group.name}</AutoScalingGroupName><Status>${status}</Status>${reason ? `<StatusReason>${reason}.</StatusReason>` : ""}<PercentageComplete>${percent}</PercentageComplete><InstancesToUpdate>${left}</InstancesToUpdate><DesiredConfiguration>${launchXml(wanted)}</DesiredConfiguration></member>`;
}
