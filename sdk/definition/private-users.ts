import type { Container } from "./container.ts";
import type { Placed } from "./definition.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { isDeferred } from "../core/deferred.ts";
import { itemsOf } from "./inputs.ts";
import { networkKind } from "./service-network.ts";

/** Users, and groups, of a container with `userns: "private"`: 0 to 65535. */
export const PRIVATE_IDS = 65_536;

/** Capabilities that the kernel checks only in the machine's own user namespace (`capable()`; user_namespaces(7)). */
const OF_THE_MACHINE: readonly string[] = [
  "CAP_AUDIT_CONTROL",
  "CAP_AUDIT_READ",
  "CAP_AUDIT_WRITE",
  "CAP_BLOCK_SUSPEND",
  "CAP_BPF",
  "CAP_IPC_LOCK",
  "CAP_LEASE",
  "CAP_LINUX_IMMUTABLE",
  "CAP_MAC_ADMIN",
  "CAP_MAC_OVERRIDE",
  "CAP_MKNOD",
  "CAP_PERFMON",
  "CAP_SYSLOG",
  "CAP_SYS_BOOT",
  "CAP_SYS_MODULE",
  "CAP_SYS_PACCT",
  "CAP_SYS_RAWIO",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_WAKE_ALARM",
];

/** Those that it checks in the user namespace that owns the network. */
const OF_THE_NETWORK: readonly string[] = ["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW"];

/** Fields that have no effect, or a harmful one, in a container with private users. */
export function privateUserFailures({ phase, steps, container }: Placed): Failure[] {
  if (container.userns !== "private" || container.sandbox === "linuxkit" || isDeferred(container.sandbox)) return [];
  const failures: Failure[] = [];
  const refuse = (field: keyof Container, message: string): unknown => failures.push(failure([...steps, field], message));
  for (const field of ["uidMappings", "gidMappings"] as const) {
    if (container[field] !== undefined)
      refuse(field, 'has no effect beside userns: "private", which sets up its own mapping; wanted userns: "new"');
  }
  for (const field of ["uid", "gid"] as const) {
    if (isBeyond(container[field])) refuse(field, `got ${container[field]}, wanted at most ${PRIVATE_IDS - 1} beside userns: "private"`);
  }
  for (const [index, group] of itemsOf(container.additionalGids)) {
    if (isBeyond(group))
      failures.push(
        failure([...steps, "additionalGids", index], `got ${group}, wanted at most ${PRIVATE_IDS - 1} beside userns: "private"`),
      );
  }
  const unclear = [container.net, container.publish, container.egress].some(isDeferred);
  const shared = !unclear && networkKind(container, phase) === "host";
  for (const field of ["capabilities", "capabilities.add", "ambient"] as const) {
    for (const [index, name] of itemsOf(container[field])) {
      const inert = (where: string, wanted: string): unknown =>
        failures.push(
          failure([...steps, field, index], `got ${shown(name)}, which has no effect ${where} beside userns: "private"; wanted ${wanted}`),
        );
      if (OF_THE_MACHINE.includes(String(name))) inert("on the machine", "one of the two");
      if (shared && OF_THE_NETWORK.includes(String(name))) inert("on the machine's network", 'net: "private" or "none", or one of the two');
    }
  }
  return failures;
}

function isBeyond(owner: unknown): boolean {
  return typeof owner === "number" && owner >= PRIVATE_IDS;
}
