import type { Container } from "../definition/container.ts";
import type { EffectiveFields } from "./effective.ts";

/** A namespace of a container: a new one, or the one at `path`. */
export interface Namespace {
  readonly type: "network" | "ipc" | "uts" | "pid" | "user" | "cgroup" | "mount";
  readonly path?: string;
}

const HOST = ["host", "root"];

/** LinuxKit's namespaces, in its order. `none` is a keyword for `net` only; in other fields it is a path. */
export function linuxkitNamespaces({ net, ipc, uts, pid, userns }: EffectiveFields): Namespace[] {
  return [
    ...namespace("network", net, { fresh: ["new", "none"] }),
    ...namespace("ipc", ipc),
    ...namespace("uts", uts),
    ...namespace("pid", pid, { unset: "new" }),
    ...namespace("user", userns),
    { type: "mount" },
  ];
}

/**
 * The namespaces of the default sandbox: each is new by default. The default of `net` is applied earlier.
 *
 * @param cgroup the definition's word for control groups
 */
export function sandboxNamespaces({ net, ipc, uts, pid, userns }: EffectiveFields, cgroup: Container["cgroup"]): Namespace[] {
  return [
    ...namespace("network", net, { fresh: ["new", "none", "private"] }),
    ...namespace("ipc", ipc, { unset: "new" }),
    ...namespace("uts", uts, { unset: "new" }),
    ...namespace("pid", pid, { unset: "new" }),
    ...namespace("user", userns, { fresh: ["new", "private"] }),
    ...(cgroup === "host" ? [] : [{ type: "cgroup" } as const]),
    { type: "mount" },
  ];
}

function namespace(
  type: Namespace["type"],
  value: string | undefined,
  words: { unset?: string; fresh?: readonly string[] } = {},
): Namespace[] {
  const meant = value || words.unset || "host";
  if (HOST.includes(meant)) return [];
  return (words.fresh ?? ["new"]).includes(meant) ? [{ type }] : [{ type, path: meant }];
}
