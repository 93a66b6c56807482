import { type Compute, pathOf } from "./compute.ts";
import { quotaFailure } from "./instances.ts";
import { checkMachine } from "./machine-rules.ts";
import type { OperationFailure } from "./operations.ts";
import type { GoogleRefusal } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** A machine of a group. */
export interface Managed {
  readonly name: string;
  readonly zone: string;
  /** The template's path. */
  template: string;
  versionName: string | undefined;
  action: "CREATING" | "VERIFYING" | "RECREATING" | "DELETING" | "NONE";
  healthy: boolean;
  /** Looks since it was started. */
  age: number;
  /** Why its last start failed. */
  failure: OperationFailure | GoogleRefusal | undefined;
}

/** Looks that {@link GroupRollout.patience} begins with. */
export const PATIENCE = 4;

/**
 * What the machines of regional groups do: a step at each look at a group, as slow as the one who waits; its machines are then as it says. Machines come
 * and go as far as maxSurge and maxUnavailable let them, and a new one counts when its health check says so; where new
 * machines stay ill the rollout stands still, with nobody to turn it back.
 */
export class GroupRollout {
  /** By a group's path. */
  readonly groups = new Map<string, Managed[]>();
  /** Whether a template's machines never become healthy, by the template's name. */
  sick: (template: string) => boolean = () => false;
  /** Whether groups go on; a test holds them to look at one under way. */
  held = false;
  /** Looks that a machine is given before autohealing makes it anew, as `initialDelaySec` says in seconds. @default 4 */
  patience = PATIENCE;
  #count = 0;

  begin(path: string): void {
    this.groups.set(path, []);
  }

  end(world: Compute, path: string): void {
    for (const machine of this.groups.get(path) ?? []) world.resources.delete(instancePath(path, machine));
    this.groups.delete(path);
  }

  /** A look, and so a step. */
  step(world: Compute, path: string): void {
    if (this.held) return;
    const group = world.get(path);
    const machines = this.groups.get(path) as Managed[];
    let ready = 0;
    for (const machine of machines) {
      const starting = machine.action === "VERIFYING";
      // machines do not all come up in the same moment
      if (starting && ready > 0) continue;
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
    const well = !this.sick(machine.template.split("/").at(-1) as string);
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
        machine.healthy = well;
        if (well) machine.action = "NONE";
        else if (machine.age > this.patience) machine.action = "RECREATING";
        return;
      case "NONE":
        machine.healthy = well;
        if (watched && !well) machine.action = "RECREATING";
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
    // those that serve nobody go first, and without asking
    for (const machine of leaving().sort((a, b) => Number(isUp(a)) - Number(isUp(b)))) {
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

/** Machines beyond those that are wanted of each version. */
function outdated(group: Json, machines: readonly Managed[]): Managed[] {
  const left = wantedCounts(group);
  return machines.filter(({ template, action }) => {
    if (action === "DELETING") return false;
    const count = left.get(template) ?? 0;
    left.set(template, count - 1);
    return count <= 0;
  });
}

/** How many machines of each template there shall be. */
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

/** The version that the next machine gets: the one with a number of its own first, as a canary is. */
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

/** Why a machine cannot start: its image is gone, there is no room. */
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
  const there = action === "RECREATING" && world.resources.has(`${project}/zones/${zone}/instances/${name}`);
  return there ? undefined : quotaFailure(world, project, zone, properties.machineType);
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
