import type { Container } from "../../definition/container.ts";
import type { PartFacts } from "../fact.ts";

type DeviceRules = NonNullable<NonNullable<Container["resources"]>["devices"]>;

/**
 * The facts of rules of the devices control group: one for each kind of access, and their order if some allow and some deny,
 * for a later rule takes back what an earlier one says (Linux, cgroup-v1/devices.rst).
 */
export function addDeviceRules(facts: PartFacts, rules: DeviceRules): void {
  const named = rules.map(({ allow, type = "a", major = -1, minor = -1, access = "rwm" }) => ({
    verb: allow ? "allow" : "deny",
    node: `${type} ${major < 0 ? "*" : major}:${minor < 0 ? "*" : minor}`,
    access,
  }));
  for (const { verb, node, access } of named)
    for (const letter of new Set(access))
      facts.add("device-rule", `${verb} ${node} ${letter}`, ["resources", "devices", node, verb, letter], true);
  if (new Set(named.map(({ verb }) => verb)).size === 2)
    facts.add(
      "order",
      "device rules",
      ["resources", "devices", "order"],
      named.map(({ verb, node, access }) => `${verb} ${node} ${[...new Set(access)].sort().join("")}`),
    );
}
