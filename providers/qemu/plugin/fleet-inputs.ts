import { z } from "zod";
import { ipv4After, ipv4Number, ipv4Text } from "../../../sdk/core/ipv4.ts";
import { collide, formatPublication, parsePublication, type Publication, publicationAfter } from "../../../sdk/definition/publication.ts";
import { shown } from "../../../sdk/core/shown.ts";
import { checkInputs, type Rule } from "../../../sdk/plugin/check-inputs.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { Checked } from "../../../sdk/plugin/resource-type.ts";
import { isProperties, type Properties, type Value } from "../../../sdk/plugin/value.ts";
import { completed, machineRules } from "./check-vm.ts";
import { hostName, hostPath, machineShape, type VmInputs, whole } from "./vm-inputs.ts";
import { asPublications } from "./vm-outputs.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `qemu`: what every machine of the fleet is, and how they are replaced. */
export const fleetInputs = resourceInputs("Equal virtual machines on this host, and the gate through which they are replaced.", {
  kind: input("The backend.", z.literal("qemu")),
  fleet: input(
    "The fleet's name in the program, for messages and the machines' names.",
    z.string("the fleet's name").min(1, "the fleet's name"),
  ),
  count: input("How many machines.", whole(1, 100, "machines")),
  maxUnavailable: input("How many machines may be away at once while they are replaced.", whole(1, 100, "machines").default(1)),
  healthTimeout: input("Seconds within which a new machine has to become healthy.", whole(1, 86_400, "seconds").default(300)),
  network: input(
    "The private network that the machines are in, beside their own.",
    z
      .strictObject({
        socket: input("Path of the network's socket.", hostPath),
        address: input("The first machine's IPv4 address there, with the bits of the network; each further one has the next.", z.cidrv4()),
        addresses: input("How many addresses the fleet has there.", whole(1, 100, "addresses"), { onChange: "ignore" }),
        hostname: input('The machines\' host name, before "-" and their number.', hostName),
      })
      .exactOptional(),
  ),
  ...machineShape,
});

/** Checked inputs. The ports are those of the first machine; each further one has the next. */
export type FleetInputs = Readonly<z.output<typeof fleetInputs>>;

/** Checks and completes the inputs of a fleet. Unknown leaves stay as they are. @param before what was checked the last time */
export function checkFleet(given: Properties, isSecret?: (path: string) => boolean, before?: Properties): Checked {
  const rules = [...machineRules(given), portsOfAll(given), addressesOfAll, apart(before)];
  return checkInputs(fleetInputs, completed(given), { rules, ...(isSecret && { isSecret }) });
}

const addressesOfAll: Rule = ({ count, network }, fail) => {
  const { address, addresses } = isProperties(network) ? network : {};
  if (typeof count !== "number" || typeof addresses !== "number" || count <= addresses) return;
  fail(
    ["count"],
    `got ${count}, but the fleet has ${addresses} addresses in its network, from ${shown(address)}: wanted a longer range there`,
  );
};

// machines are replaced one after another: a new one would have the address of one that still runs
const apart =
  (before: Properties | undefined): Rule =>
  ({ network, count }, fail) => {
    const [old, now] = [addressesOf(before?.network, before?.count), addressesOf(network, count)];
    if (!old || !now || old.socket !== now.socket || old.first === now.first) return;
    if (now.first > old.last || old.first > now.last) return;
    const [from, to] = [old.first, old.last].map(ipv4Text);
    fail(
      ["network", "address"],
      `got ${shown(now.address)}, but its machines have ${from} to ${to}, and one would have the address of another while they are replaced one by one: wanted a range that begins with ${from}, or one with none of these`,
    );
  };

function addressesOf(network: Value | undefined, count: Value | undefined) {
  const { socket, address } = isProperties(network) ? network : {};
  const first = typeof address === "string" ? ipv4Number(address.replace(/\/.*/, "")) : undefined;
  if (typeof address !== "string" || first === undefined || typeof count !== "number") return undefined;
  return { socket, address, first, last: first + count - 1 };
}

// ["8080:80", "8081:443"] gives two machines the port 8081
const portsOfAll =
  (given: Properties): Rule =>
  ({ publish, count }, fail) => {
    if (!Array.isArray(publish) || typeof count !== "number") return;
    const [firsts, others]: [Publication[], Publication[]] = [[], []];
    for (const [index, item] of publish.entries()) {
      const read = typeof item === "string" ? parsePublication(item) : undefined;
      if (!read || "problem" in read) continue;
      const got = shown((given.publish as readonly unknown[])[index]);
      const all = Array.from({ length: count }, (_, slot) => publicationAfter(read, slot));
      if (all.some(({ hostPort }) => hostPort > 65_535)) {
        const last = read.hostPort + count - 1;
        fail(["publish", index], `got ${got}, and the last of ${count} machines would have the port ${last}, wanted at most 65535`);
        continue;
      }
      // the machine's own rule already reports collisions within the first machine
      const isNamed = firsts.some((first) => collide(read, first));
      const clash = all.find((one) => others.some((other) => collide(one, other)));
      firsts.push(read);
      if (clash && !isNamed)
        fail(
          ["publish", index],
          `got ${got}, but with ${count} machines port ${clash.hostPort} is published already: each machine takes the next one`,
        );
      others.push(...all);
    }
  };

/** The inputs of the machine in this slot. `had`: the recorded ports of its predecessor. */
export function machineInputs(inputs: FleetInputs, slot: number, had: readonly string[] = []): VmInputs {
  const { kind: _kind, fleet: _fleet, count: _count, maxUnavailable: _max, healthTimeout: _health, publish, network, ...machine } = inputs;
  const before = asPublications(had);
  const ports = asPublications(publish).map((wanted) => {
    const own = publicationAfter(wanted, slot);
    const kept = before.find(
      ({ guestPort, protocol, address }) => guestPort === own.guestPort && protocol === own.protocol && address === own.address,
    );
    return formatPublication(own.hostPort === 0 && kept ? kept : own);
  });
  return { ...machine, ...(network && { network: networkOf(network, slot) }), publish: ports, disks: [], waitForHealth: true };
}

/** The place of the machine in this slot. */
function networkOf({ socket, address, hostname }: NonNullable<FleetInputs["network"]>, slot: number): NonNullable<VmInputs["network"]> {
  return { socket, address: ipv4After(address, slot), hostname: `${hostname}-${slot}` };
}

/** The place of a fleet, as one of its machines has it; how many more addresses it has is not known there. */
export function networkOfAll(
  { socket, address, hostname }: NonNullable<VmInputs["network"]>,
  slot: number,
  addresses: number,
): NonNullable<FleetInputs["network"]> {
  return { socket, address: ipv4After(address, -slot), addresses, hostname: hostname.replace(/-\d+$/, "") };
}
