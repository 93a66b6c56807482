import type { EffectiveFields } from "./effective.ts";

/** A namespace of a container: a new one, or the one at `path`. */
export interface Namespace {
  readonly type: "network" | "ipc" | "uts" | "pid" | "user" | "cgroup" | "mount";
  readonly path?: string;
}

const HOST = ["host", "root"];

/** LinuxKit's namespaces, in its order. `none` is a word for `net` only; elsewhere it is a path. */
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

/** Our own sandbox's: everything is the container's own, unless it says otherwise; what no network means is settled before. */
export function sandboxNamespaces({ net, ipc, uts, pid, userns }: EffectiveFields): Namespace[] {
  return [
    ...namespace("network", net, { fresh: ["new", "none", "private"] }),
    ...namespace("ipc", ipc, { unset: "new" }),
    ...namespace("uts", uts, { unset: "new" }),
    ...namespace("pid", pid, { unset: "new" }),
    ...namespace("user", userns, { fresh: ["new", "private"] }),
    { type: "cgroup" },
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
