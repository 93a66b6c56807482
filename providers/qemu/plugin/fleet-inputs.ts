import type { CheckFailure, Checked } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN, type Value } from "../../../sdk/plugin/value.ts";
import { collide, formatPublication, parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { checkVm, type VmInputs } from "./vm-inputs.ts";
import { asPublications } from "./vm-outputs.ts";

/** Checked inputs of `linuxkit:index:RolloutGate` with the kind `qemu`: what every machine of the fleet is, and how they are replaced. */
export interface FleetInputs extends Omit<VmInputs, "disks" | "waitForHealth"> {
  readonly kind: "qemu";
  /** The fleet's name in the program, for messages and the machines' names. */
  readonly fleet: string;
  /** How many machines. */
  readonly count: number;
  /** Of the first machine; each further one has the next host ports. Host port 0 is any free one, which the machine's successor keeps. */
  readonly publish: readonly string[];
  /** How many machines may be away at once while they are replaced. @default 1 */
  readonly maxUnavailable: number;
  /** Seconds within which a new machine has to become healthy. @default 300 */
  readonly healthTimeout: number;
}

const OWN: Properties = { maxUnavailable: 1, healthTimeout: 300 };

/** Checks and completes the inputs of a fleet. Unknown leaves stay as they are. */
export function checkFleet(given: Properties): Checked {
  const { kind, fleet, count, maxUnavailable = OWN.maxUnavailable, healthTimeout = OWN.healthTimeout, ...machine } = given;
  const failures: CheckFailure[] = [];
  for (const name of ["disks", "waitForHealth"])
    if (machine[name] !== undefined) failures.push({ path: name, message: "no such property of a fleet" });
  const {
    inputs: { disks: _, waitForHealth: __, ...checked },
    failures: wrong = [],
  } = checkVm(machine);
  const whole = (name: string, value: Value | undefined, most: number): void => {
    if (value === UNKNOWN || (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most)) return;
    failures.push({ path: name, message: `got ${JSON.stringify(value) ?? "nothing"}, wanted a whole number, 1 to ${most}` });
  };
  if (fleet !== UNKNOWN && (typeof fleet !== "string" || fleet === ""))
    failures.push({ path: "fleet", message: `got ${JSON.stringify(fleet) ?? "nothing"}, wanted the fleet's name` });
  whole("count", count, 100);
  whole("maxUnavailable", maxUnavailable, 100);
  whole("healthTimeout", healthTimeout, 86_400);
  failures.push(...wrong.filter(({ path }) => !failures.some((other) => other.path === path)));
  if (failures.length === 0 && typeof count === "number") failures.push(...portFailures(checked.publish, count));
  return { inputs: { kind, fleet, count, maxUnavailable, healthTimeout, ...checked }, failures };
}

// ["8080:80", "8081:443"] gives two machines the port 8081
function portFailures(publish: Value | undefined, count: number): CheckFailure[] {
  const taken: Publication[] = [];
  return (Array.isArray(publish) ? publish : []).flatMap((item: Value, index): CheckFailure[] => {
    const read = typeof item === "string" ? parsePublication(item) : undefined;
    if (!read || "problem" in read) return [];
    const path = `publish[${index}]`;
    const all = Array.from({ length: count }, (_, slot) => ofSlot(read, slot));
    if (all.some(({ hostPort }) => hostPort > 65_535))
      return [
        {
          path,
          message: `got ${JSON.stringify(item)}, and the last of ${count} machines would have the port ${read.hostPort + count - 1}, wanted at most 65535`,
        },
      ];
    const clash = all.find((one) => taken.some((other) => collide(one, other)));
    taken.push(...all);
    return clash
      ? [
          {
            path,
            message: `got ${JSON.stringify(item)}, but with ${count} machines port ${clash.hostPort} is published already: each machine takes the next one`,
          },
        ]
      : [];
  });
}

function ofSlot(publication: Publication, slot: number): Publication {
  return publication.hostPort === 0 ? publication : { ...publication, hostPort: publication.hostPort + slot };
}

/** What the machine with that number is. `had`: the ports of the one that it follows, as its record has them. */
export function machineInputs(inputs: FleetInputs, slot: number, had: readonly string[] = []): VmInputs {
  const { kind: _kind, fleet: _fleet, count: _count, maxUnavailable: _max, healthTimeout: _health, publish, ...machine } = inputs;
  const before = asPublications(had);
  const ports = asPublications(publish).map((wanted) => {
    const own = ofSlot(wanted, slot);
    const kept = before.find(
      ({ guestPort, protocol, address }) => guestPort === own.guestPort && protocol === own.protocol && address === own.address,
    );
    return formatPublication(own.hostPort === 0 && kept ? kept : own);
  });
  return { ...machine, publish: ports, disks: [], waitForHealth: true };
}
