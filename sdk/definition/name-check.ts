import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { containersOf, type Definition, type Placed } from "./definition.ts";
import { hasOwnInit } from "./own-init.ts";

/** Most bytes of a host name (HOST_NAME_MAX of limits.h; sethostname(2)). */
const HOSTNAME_MAX = 64;

/**
 * What the files of a control group are called (Documentation/admin-guide/cgroup-v2.rst, "Interface Files" and
 * "Controllers"): a service's group has its name and lies beside them.
 */
const GROUP_FILES = /^(?:cgroup|cpu|cpuset|debug|dmem|hugetlb|io|irq|memory|misc|perf_event|pids|rdma)\./;

/** The names of the guest's own containers begin with it. */
const OWN = "linuxkit.";

/** Names with which a container could not start, or which the guest needs for itself. */
export function nameFailures(definition: Definition): Failure[] {
  const tasks = Object.entries(definition.volumes).flatMap(([name, { persistent }]) =>
    persistent && `volume-${name}`.length > HOSTNAME_MAX
      ? [
          failure(
            ["volumes", name],
            `got a name of ${name.length} letters, wanted at most ${HOSTNAME_MAX - "volume-".length} of a persistent volume`,
          ),
        ]
      : [],
  );
  const containers = containersOf(definition).flatMap((placed) => [
    ...hostnameFailures(placed),
    ...(hasOwnInit(definition) ? takenFailures(placed) : []),
  ]);
  return [...tasks, ...containers];
}

/** A container in the default sandbox has its own name as host name. */
function hostnameFailures({ phase, name, steps, container: { hostname, uts, sandbox } }: Placed): Failure[] {
  if (typeof hostname === "string" && hostname !== "")
    return Buffer.byteLength(hostname) > HOSTNAME_MAX
      ? [failure([...steps, "hostname"], `got ${shown(hostname)}, wanted at most ${HOSTNAME_MAX} bytes, as Linux has it`)]
      : [];
  if (isDeferred(hostname) || isDeferred(uts) || isDeferred(sandbox) || sandbox === "linuxkit") return [];
  if ((uts !== undefined && uts !== "" && uts !== "new") || name.length <= HOSTNAME_MAX) return [];
  const at = phase === "services" ? steps : [...steps, "name"];
  return [failure(at, `got a name of ${name.length} letters, which is its host name too: wanted at most ${HOSTNAME_MAX}, or set hostname`)];
}

function takenFailures({ phase, name, steps }: Placed): Failure[] {
  if (phase !== "services") return [];
  if (name.startsWith(OWN)) return [failure(steps, `got ${shown(name)}, but names with ${shown(OWN)} are the guest's own: wanted another`)];
  return GROUP_FILES.test(name)
    ? [
        failure(
          steps,
          `got ${shown(name)}, which is the name of a file in every control group, where the service's group would lie: wanted another`,
        ),
      ]
    : [];
}
