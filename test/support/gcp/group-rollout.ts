/**
 * Plays the machines of regional managed instance groups: starts, health, autohealing, proactive updates.
 *
 * Source: Compute Engine, "Automatically apply VM configuration updates in a MIG" (maxSurge, maxUnavailable).
 * Source: Compute Engine API, regionInstanceGroupManagers.listManagedInstances (`currentAction`).
 * Assumed: that each poll of a group is one step.
 * Tested both ways in `gcp/rollout-driver`: the oldest machine is replaced first, or the newest; of several starting machines one
 * becomes healthy at each step, or all do.
 */
import { type Compute, pathOf } from "./compute.ts";
import { quotaFailure } from "./instances.ts";
import { checkMachine } from "./machine-rules.ts";
import type { OperationFailure } from "./operations.ts";
import type { GoogleRefusal } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** A machine of a managed instance group. */
export interface Managed {
  readonly name: string;
  readonly zone: string;
  /** Path of its template. */
  template: string;
  versionName: string | undefined;
  action: "CREATING" | "VERIFYING" | "RECREATING" | "DELETING" | "NONE";
  healthy: boolean;
  /** Polls since it started. */
  age: number;
  /** Error of its last start. */
  failure: OperationFailure | GoogleRefusal | undefined;
}

/** Default of {@link GroupRollout.initialDelayPolls}. */
export const INITIAL_DELAY_POLLS = 4;

/**
 * Runs the machines of the groups. A group advances one step at each poll. It starts and deletes machines within maxSurge
 * and maxUnavailable, and a new machine counts once its health check passes. If new machines stay unhealthy, the rollout
 * stops there; Compute Engine does not roll back.
 */
export class GroupRollout {
  /** Machines of each group by its path. */
  readonly groups = new Map<string, Managed[]>();
  /** Whether machines of a template never become healthy, by the template's name. */
  isUnhealthy: (template: string) => boolean = () => false;
  /** Whether groups pause. A test sets it to inspect a running rollout. */
  held = false;
  /** Whether the newest machines are replaced first and all that start become healthy at once, not the oldest and one by one. */
  otherOrder = false;
  /** Polls before autohealing recreates an unhealthy machine, in place of `initialDelaySec`. @default 4 */
  initialDelayPolls = INITIAL_DELAY_POLLS;
  #count = 0;

  begin(path: string): void {
    this.groups.set(path, []);
  }

  end(world: Compute, path: string): void {
    for (const machine of this.groups.get(path) ?? []) world.resources.delete(instancePath(path, machine));
    this.groups.delete(path);
  }

  /** Advances a group by one step. */
  step(world: Compute, path: string): void {
    if (this.held) return;
    const group = world.get(path);
    const machines = this.groups.get(path) as Managed[];
    let ready = 0;
    for (const machine of machines) {
      const starting = machine.action === "VERIFYING";
      // starting machines become healthy one after another
      if (starting && ready > 0 && !this.otherOrder) continue;
      this.#advance(world, group, machine);
      if (starting && isUp(machine)) ready++;
    }
    const left = machines.filter((machine) => !(machine.action === "DELETING" && machine.age > 0));
    for (const gone of machines) if (!left.includes(gone)) world.resources.delete(instancePath(path, gone));
    this.groups.set(path, left);
    this.#plan(group, left);
  }

  /** `status` and `currentActions` of a group. */
  status(group: Json, path: string): Json {
    const machines = this.groups.get(path) as Managed[];
    const count = (action: string) => machines.filter((machine) => machine.action === action).length;
    const isReached = outdated(group, machines).length === 0;
    const isStable =
      count("NONE") === machines.length &&
      machines.length === group.targetSize &&
      (isReached || group.updatePolicy.type === "OPPORTUNISTIC");
    return {
      status: { isStable, versionTarget: { isReached }, stateful: { hasStatefulConfig: false }, allInstancesConfig: { effective: true } },
      currentActions: {
        none: count("NONE"),
        creating: count("CREATING"),
        creatingWithoutRetries: 0,
        verifying: count("VERIFYING"),
        recreating: count("RECREATING"),
        deleting: count("DELETING"),
        abandoning: 0,
        restarting: 0,
        refreshing: 0,
      },
    };
  }

  #advance(world: Compute, group: Json, machine: Managed): void {
    machine.age++;
    const watched = group.autoHealingPolicies?.some(({ healthCheck }: Json) => healthCheck !== undefined);
    const isHealthy = !this.isUnhealthy(machine.template.split("/").at(-1) as string);
    switch (machine.action) {
      case "CREATING":
      case "RECREATING": {
        machine.failure = startFailure(world, group, machine);
        if (machine.failure) return;
        start(world, group, machine);
        machine.age = 0;
        machine.healthy = false;
        machine.action = watched ? "VERIFYING" : "NONE";
        return;
      }
      case "VERIFYING":
        machine.healthy = isHealthy;
        if (isHealthy) machine.action = "NONE";
        else if (machine.age > this.initialDelayPolls) machine.action = "RECREATING";
        return;
      case "NONE":
        machine.healthy = isHealthy;
        if (watched && !isHealthy) machine.action = "RECREATING";
    }
  }

  #plan(group: Json, machines: Managed[]): void {
    const { targetSize, updatePolicy } = group;
    const proactive = updatePolicy.type === "PROACTIVE";
    const recreate = updatePolicy.replacementMethod === "RECREATE";
    const size = (limit: Json, round: (value: number) => number) => limit.fixed ?? round((limit.percent * targetSize) / 100);
    const least = targetSize - size(updatePolicy.maxUnavailable, Math.floor);
    const staying = () => machines.filter(({ action }) => action !== "DELETING");
    const leaving = () => (proactive ? outdated(group, staying()) : staying().slice(targetSize));
    let available = staying().filter(isUp).length;
    // machines that are not available go first and without a limit
    const first = this.otherOrder ? leaving().reverse() : leaving();
    for (const machine of first.sort((a, b) => Number(isUp(a)) - Number(isUp(b)))) {
      if (isUp(machine) && available <= least) continue;
      if (isUp(machine)) available--;
      if (recreate && staying().length <= targetSize)
        Object.assign(machine, { ...versionFor(group, machines), action: "RECREATING", age: 0 });
      else Object.assign(machine, { action: "DELETING", age: 0 });
    }
    const surge = proactive && !recreate ? Math.min(size(updatePolicy.maxSurge, Math.ceil), leaving().length) : 0;
    while (staying().length < targetSize + surge) machines.push(this.#machine(group, machines));
  }

  #machine(group: Json, machines: readonly Managed[]): Managed {
    const zones: string[] = group.distributionPolicy.zones.map(({ zone }: Json) => zone.split("/").at(-1));
    const crowd = (zone: string) => machines.filter((machine) => machine.zone === zone && machine.action !== "DELETING").length;
    const zone = zones.reduce((best, other) => (crowd(other) < crowd(best) ? other : best));
    const name = `${group.baseInstanceName}-${(46655 + ++this.#count * 7).toString(36).slice(-4).padStart(4, "0")}`;
    return { name, zone, ...versionFor(group, machines), action: "CREATING", healthy: false, age: 0, failure: undefined };
  }
}

function isUp({ action }: Managed): boolean {
  return action === "NONE";
}

/** Machines in excess of the wanted number of each version. */
function outdated(group: Json, machines: readonly Managed[]): Managed[] {
  const left = wantedCounts(group);
  return machines.filter(({ template, action }) => {
    if (action === "DELETING") return false;
    const count = left.get(template) ?? 0;
    left.set(template, count - 1);
    return count <= 0;
  });
}

/** Wanted number of machines of each template. */
function wantedCounts({ versions, targetSize }: Json): Map<string, number> {
  const counts = new Map<string, number>();
  let rest = targetSize;
  for (const version of versions) {
    if (version.targetSize === undefined) continue;
    const count = Math.min(rest, version.targetSize.fixed ?? Math.ceil((version.targetSize.percent * targetSize) / 100));
    counts.set(pathOf("", version.instanceTemplate), count);
    rest -= count;
  }
  for (const version of versions) if (version.targetSize === undefined) counts.set(pathOf("", version.instanceTemplate), rest);
  return counts;
}

/** The version of the next machine. A version with a target size, such as a canary, comes first. */
function versionFor(group: Json, machines: readonly Managed[]): Pick<Managed, "template" | "versionName"> {
  const staying = machines.filter(({ action }) => action !== "DELETING");
  const counts = wantedCounts(group);
  const lacking = (version: Json) =>
    staying.filter(({ template }) => template === pathOf("", version.instanceTemplate)).length <
    (counts.get(pathOf("", version.instanceTemplate)) ?? 0);
  const chosen =
    group.versions.find((version: Json) => version.targetSize !== undefined && lacking(version)) ??
    group.versions.find((version: Json) => version.targetSize === undefined);
  return { template: pathOf("", chosen.instanceTemplate), versionName: chosen.name };
}

/** The error that keeps a machine from starting, such as a deleted image or an exceeded quota. */
function startFailure(
  world: Compute,
  group: Json,
  { template, zone, action, name }: Managed,
): OperationFailure | GoogleRefusal | undefined {
  const project = pathOf("", group.selfLink).split("/").slice(0, 2).join("/");
  const { properties } = world.get(template);
  try {
    checkMachine(world, project, properties, "resource.properties");
  } catch (error) {
    return error as GoogleRefusal;
  }
  const exists = action === "RECREATING" && world.resources.has(`${project}/zones/${zone}/instances/${name}`);
  return exists ? undefined : quotaFailure(world, project, zone, properties.machineType);
}

function start(world: Compute, group: Json, machine: Managed): void {
  const path = instancePath(pathOf("", group.selfLink), machine);
  const { properties } = world.get(machine.template);
  world.resources.set(path, {
    kind: "compute#instance",
    name: machine.name,
    status: "RUNNING",
    ...properties,
    zone: world.url(path.split("/").slice(0, 4).join("/")),
    selfLink: world.url(path),
  });
}

function instancePath(group: string, { zone, name }: Pick<Managed, "zone" | "name">): string {
  return `${group.split("/").slice(0, 2).join("/")}/zones/${zone}/instances/${name}`;
}
