import type { RolloutDriver, RolloutReport } from "../../../sdk/rollout/rollout.ts";
import { type GcpAccess, gcpLogin } from "./access/login.ts";
import { computeClient, pathOf } from "./compute-client.ts";

/** Which rollout of which group. */
export interface GroupTarget {
  /** The project's id. */
  readonly project: string;
  readonly region: string;
  /** The regional managed instance group's name. */
  readonly group: string;
  /** Link of the template that all instances shall be made by. */
  readonly template: string;
  /** Link of the one that is brought back where that fails. */
  readonly previous?: string | undefined;
}

/** A group, as far as a rollout reads it. Source: Compute Engine API, regionInstanceGroupManagers. */
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
 * How a rollout's gate drives a regional managed instance group. The group replaces its instances by itself once its
 * template is another; it never gives up and never goes back: what is ill is seen here, and the old template put back.
 */
export function groupUpdateDriver(access: GcpAccess, target: GroupTarget): RolloutDriver {
  const login = gcpLogin(access);
  const path = `projects/${target.project}/regions/${target.region}/instanceGroupManagers/${target.group}`;
  const look = async (template: string, signal?: AbortSignal): Promise<Seen> => {
    const client = computeClient(login, signal);
    const group = await client.get<Group>(path);
    const { managedInstances = [] } = await client.post<{ managedInstances?: readonly Managed[] }>(`${path}/listManagedInstances`);
    return seen(group, managedInstances, pathOf(template));
  };
  // PROACTIVE: the group does not wait for somebody to replace its instances
  const bring = (template: string, signal?: AbortSignal) =>
    computeClient(login, signal).patch(path, { versions: [{ instanceTemplate: template }], updatePolicy: { type: "PROACTIVE" } });
  let returning: string | undefined;
  return {
    async start(signal) {
      const now = await look(target.template, signal);
      if (now.settled) return undefined;
      // the group's own resource has set it, but for a rollout that came back and is asked for once more
      if (!now.isAsked) await bring(target.template, signal);
      return target.template;
    },
    async describe() {
      if (returning === undefined) return reportOf(await look(target.template));
      if (target.previous === undefined)
        return { ...reportOf(await look(target.template)), phase: "stuck", reason: "there was none before this one" };
      const { settled, total } = await look(target.previous);
      return { phase: settled ? "returned" : "returning", updated: 0, total, reason: returning };
    },
    async rollBack(_, reason) {
      if (target.previous !== undefined) await bring(target.previous);
      returning = reason;
    },
  };
}

/** A look at a group. */
interface Seen {
  /** Instances that there shall be. */
  readonly total: number;
  /** Instances by the template that are up and healthy. */
  readonly ready: number;
  /** Whether the group is told to have that template. */
  readonly isAsked: boolean;
  /** Whether nothing is left to do. */
  readonly settled: boolean;
  /** Why it will not come to its end. */
  readonly failure: string | undefined;
  /** Why it does not go on, perhaps. */
  readonly trouble: string | undefined;
}

function seen({ targetSize, versions = [], status, updatePolicy }: Group, instances: readonly Managed[], template: string): Seen {
  const wanted = instances.filter(({ version }) => pathOf(version?.instanceTemplate ?? "") === template);
  const ready = wanted.filter(
    (instance) => instance.currentAction === "NONE" && instance.instanceStatus === "RUNNING" && ill(instance) === undefined,
  ).length;
  const isAsked = versions.length === 1 && pathOf(versions[0]?.instanceTemplate ?? "") === template;
  const settled =
    isAsked &&
    status?.isStable === true &&
    status.versionTarget?.isReached === true &&
    ready === targetSize &&
    wanted.length === instances.length;
  // a new instance that autohealing makes anew has not become healthy in its time, and the next one will not either
  const healed =
    updatePolicy?.replacementMethod === "RECREATE" ? undefined : wanted.find(({ currentAction }) => currentAction === "RECREATING");
  const failed = wanted.find(({ lastAttempt }) => lastAttempt?.errors?.errors?.length);
  const sick = wanted.find((instance) => ill(instance) !== undefined);
  return {
    total: targetSize,
    ready,
    isAsked,
    settled,
    failure: healed && `${nameOf(healed)} failed its health check and was made anew`,
    trouble: failed
      ? `${nameOf(failed)} does not start: ${failed.lastAttempt?.errors?.errors?.[0]?.message ?? "no reason is given"}`
      : sick && `${nameOf(sick)} does not pass its health check (${ill(sick)})`,
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

/** What its health checks say against an instance. */
function ill({ instanceHealth = [] }: Managed): string | undefined {
  return instanceHealth.find(({ detailedHealthState }) => detailedHealthState !== "HEALTHY")?.detailedHealthState;
}

function nameOf({ instance }: Managed): string {
  return instance.slice(instance.lastIndexOf("/") + 1);
}
