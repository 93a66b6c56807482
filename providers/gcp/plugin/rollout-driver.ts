import type { RolloutDriver, RolloutReport } from "../../../sdk/rollout/rollout.ts";
import { type GcpAccess, gcpLogin } from "./access/login.ts";
import { type ComputeClient, computeClient, pathOf } from "./compute-client.ts";

/** Which rollout of which group. */
export interface GroupTarget {
  /** Id of the project. */
  readonly project: string;
  readonly region: string;
  /** The regional managed instance group's name. */
  readonly group: string;
  /** Link of the template that all instances must be made from. */
  readonly template: string;
  /** Link of the template to restore if the rollout fails. */
  readonly previous?: string | undefined;
}

/** The fields of a group that a rollout reads. Source: Compute Engine API, regionInstanceGroupManagers. */
interface Group {
  readonly targetSize: number;
  readonly versions?: readonly { readonly instanceTemplate: string }[];
  readonly status?: { readonly isStable?: boolean; readonly versionTarget?: { readonly isReached?: boolean } };
  readonly updatePolicy?: { readonly replacementMethod?: string };
}

/** An instance of a group. Source: listManagedInstances. */
interface Managed {
  readonly instance: string;
  readonly instanceStatus?: string;
  readonly currentAction: string;
  readonly version?: { readonly instanceTemplate?: string };
  readonly instanceHealth?: readonly { readonly detailedHealthState?: string }[];
  readonly lastAttempt?: { readonly errors?: { readonly errors?: readonly { readonly message?: string }[] } };
}

/**
 * The driver of a regional managed instance group. The group replaces its instances once its template changes, but it never
 * fails and never rolls back: the driver finds unhealthy instances and restores the old template.
 */
export function groupUpdateDriver(access: GcpAccess, target: GroupTarget): RolloutDriver {
  const login = gcpLogin(access);
  const path = `projects/${target.project}/regions/${target.region}/instanceGroupManagers/${target.group}`;
  const look = async (template: string, signal?: AbortSignal): Promise<Seen> => {
    const client = computeClient(login, signal);
    return lookAt(client, await client.get<Group>(path), template);
  };
  const lookAt = async (client: ComputeClient, group: Group, template: string): Promise<Seen> => {
    const { managedInstances = [] } = await client.post<{ managedInstances?: readonly Managed[] }>(`${path}/listManagedInstances`);
    return seen(group, managedInstances, pathOf(template));
  };
  // PROACTIVE: the group replaces its instances without a further request
  const setTemplate = (template: string, signal?: AbortSignal) =>
    computeClient(login, signal).change("PATCH", path, { versions: [{ instanceTemplate: template }], updatePolicy: { type: "PROACTIVE" } });
  let returning: string | undefined;
  return {
    async start(signal) {
      const now = await look(target.template, signal);
      if (now.settled) return undefined;
      // the group's own resource has set the template already, unless an earlier rollout was rolled back and is now repeated
      if (!now.isTemplateSet) await setTemplate(target.template, signal);
      return target.template;
    },
    async describe() {
      if (returning === undefined) return reportOf(await look(target.template));
      if (target.previous === undefined)
        return { ...reportOf(await look(target.template)), phase: "stuck", reason: "the fleet had no earlier template" };
      const { settled, total } = await look(target.previous);
      return { phase: settled ? "returned" : "returning", updated: 0, total, reason: returning };
    },
    async rollBack(_, reason) {
      if (target.previous !== undefined) await setTemplate(target.previous);
      returning = reason;
    },
    async drift(signal) {
      const client = computeClient(login, signal);
      const found = await client.find<Group>(path);
      if (!found) return undefined;
      const { group, others } = await lookAt(client, found, target.template);
      const wanted = templateOf(target.template);
      return [
        ...group.map((template) => `group ${target.group} makes instances from ${templateOf(template)} instead of ${wanted}`),
        ...others.map(({ name, template }) => `${name} runs ${templateOf(template)} instead of ${wanted}`),
      ];
    },
  };
}

/** The last part of a template's link, which is its name. */
function templateOf(link: string): string {
  return link === "" ? "a template that is gone" : `template ${link.slice(link.lastIndexOf("/") + 1)}`;
}

/** A group as seen at one moment. */
interface Seen {
  /** The wanted number of instances. */
  readonly total: number;
  /** Instances of the template that run and are healthy. */
  readonly ready: number;
  /** Whether the group's settings name that template. */
  readonly isTemplateSet: boolean;
  /** Whether the rollout is complete. */
  readonly settled: boolean;
  /** Why the rollout cannot succeed. */
  readonly failure: string | undefined;
  /** Why the rollout may have stalled. */
  readonly trouble: string | undefined;
  /** Other templates that the group's settings name. */
  readonly group: readonly string[];
  /** Instances of other templates. */
  readonly others: readonly { readonly name: string; readonly template: string }[];
}

function seen({ targetSize, versions = [], status, updatePolicy }: Group, instances: readonly Managed[], template: string): Seen {
  const wanted = instances.filter(({ version }) => pathOf(version?.instanceTemplate ?? "") === template);
  const ready = wanted.filter(
    (instance) => instance.currentAction === "NONE" && instance.instanceStatus === "RUNNING" && unhealthyState(instance) === undefined,
  ).length;
  const isTemplateSet = versions.length === 1 && pathOf(versions[0]?.instanceTemplate ?? "") === template;
  const settled =
    isTemplateSet &&
    status?.isStable === true &&
    status.versionTarget?.isReached === true &&
    ready === targetSize &&
    wanted.length === instances.length;
  // autohealing recreates an instance that did not become healthy in time; the recreated one would fail too
  const healed =
    updatePolicy?.replacementMethod === "RECREATE" ? undefined : wanted.find(({ currentAction }) => currentAction === "RECREATING");
  const failed = wanted.find(({ lastAttempt }) => lastAttempt?.errors?.errors?.length);
  const unhealthy = wanted.find((instance) => unhealthyState(instance) !== undefined);
  return {
    total: targetSize,
    ready,
    isTemplateSet,
    settled,
    failure: healed && `${nameOf(healed)} failed its health check and was recreated`,
    trouble: failed
      ? `${nameOf(failed)} does not start: ${failed.lastAttempt?.errors?.errors?.[0]?.message ?? "no reason given"}`
      : unhealthy && `${nameOf(unhealthy)} does not pass its health check (${unhealthyState(unhealthy)})`,
    group: versions.map(({ instanceTemplate }) => instanceTemplate).filter((link) => pathOf(link) !== template),
    others: instances
      .filter((instance) => !wanted.includes(instance))
      .map((instance) => ({ name: nameOf(instance), template: instance.version?.instanceTemplate ?? "" })),
  };
}

function reportOf({ total, ready, settled, failure, trouble }: Seen): RolloutReport {
  const reason = failure ?? trouble;
  return {
    phase: settled ? "done" : failure ? "failed" : "rolling",
    updated: Math.min(ready, total),
    total,
    ...(reason !== undefined && { reason }),
  };
}

/** The state of the first health check that an instance fails. */
function unhealthyState({ instanceHealth = [] }: Managed): string | undefined {
  return instanceHealth.find(({ detailedHealthState }) => detailedHealthState !== "HEALTHY")?.detailedHealthState;
}

function nameOf({ instance }: Managed): string {
  return instance.slice(instance.lastIndexOf("/") + 1);
}
