import type { Advisories } from "../advisory/advisory.ts";
import type { Definition } from "../definition/definition.ts";
import { formatPath } from "../core/property-path.ts";
import type { ContainerFields } from "../definition/container-fields.ts";
import type { Lock } from "../resolve/lock.ts";
import { addContainer } from "./facts/container.ts";
import { lockFacts } from "./facts/lock.ts";
import { fileFacts, machineFacts, volumeFacts } from "./facts/machine.ts";
import { type Fact, type Facts, partFacts } from "./fact.ts";
import type { ReplacedMachines } from "./machines.ts";
import { partsOf } from "./part.ts";

/** An operating system to review. */
export interface Reviewed {
  /** What it is, as plain JSON: `spec` of an `Image`. */
  readonly definition: Definition;
  /** What a build of it pinned. It is compared if both sides have one. @default unknown: packages have no versions, and images no digests */
  readonly lock?: Lock | undefined;
  /** The known faults of packages, which are sought among those of the lock. @default none are known */
  readonly advisories?: Advisories | undefined;
  /** The labels of its images by the container's path, as `imageLabels` reads them. @default not read */
  readonly labels?: Readonly<Record<string, ContainerFields>> | undefined;
  /** The machines and fleets that run it. @default unknown */
  readonly machines?: readonly ReplacedMachines[] | undefined;
  /** Whether the value at a path of the definition is secret. @default no */
  readonly isSecret?: ((path: string) => boolean) | undefined;
}

/** Everything that holds in an operating system, as facts. Equal systems have equal facts, in whatever order they are written. */
export function factsOf({ definition, lock, advisories, labels = {}, isSecret = () => false }: Reviewed): Facts {
  const parts = partsOf(definition);
  const found: Fact[] = [...machineFacts(definition, isSecret), ...orders(definition, parts)];
  // a lock may have more packages than a call takes as arguments
  const add = (facts: readonly Fact[]): void => {
    for (const fact of facts) found.push(fact);
  };
  for (const { steps, placed } of parts) {
    const facts = partFacts(steps, isSecret);
    addContainer(facts, placed, labels[formatPath([placed.phase, placed.name])]);
    add(facts.list);
  }
  for (const [name, volume] of Object.entries(definition.volumes)) add(volumeFacts(name, volume, isSecret));
  for (const file of definition.files) add(fileFacts(file, isSecret));
  if (lock) add(lockFacts(definition, lock, advisories));
  // of two files with the same path, the later one counts
  return new Map(found.map((fact) => [fact.path, fact] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Tasks run in the order in which they are written, and of a file in two images of init the later one is taken, so their order
 * is a fact. The order of the services is not.
 */
function orders({ init }: Definition, parts: ReturnType<typeof partsOf>): Fact[] {
  const named = (phase: string): string[] => parts.flatMap(({ steps: [section, name] }) => (section === phase ? [String(name)] : []));
  const lists: readonly (readonly [key: string, name: string, values: readonly string[]])[] = [
    ["init", "init images", init.map((source) => (typeof source === "string" ? source : `debian ${source.debian.role}`))],
    ["onboot", "onboot tasks", named("onboot")],
    ["onshutdown", "onshutdown tasks", named("onshutdown")],
  ];
  return lists.flatMap(([key, name, value]): Fact[] =>
    value.length === 0 ? [] : [{ path: `order.${key}`, part: `order.${key}`, rule: "order", name, value }],
  );
}
