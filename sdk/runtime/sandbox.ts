import type { Container } from "../definition/container.ts";
import { MASKED_PATHS, PIDS_LIMIT, READONLY_PATHS } from "../definition/sandbox-defaults.ts";
import { secretsPath } from "../guest/paths.ts";
import type { EffectiveFields } from "./effective.ts";
import { type Mount, mountOf, type MountRules } from "./mounts.ts";

/** The search path of a program, if neither the image nor the definition sets one. */
export const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The default size limit of a tmpfs. It takes memory only as it fills. */
export const TMPFS_SIZE = "64m";

/** The most pseudo-terminals of a container (Linux, Documentation/filesystems/devpts.rst: max). */
const TERMINALS_LIMIT = 1024;

/** The environment, with {@link DEFAULT_PATH} if it has no PATH. */
export function sandboxEnvironment(env: readonly string[]): readonly string[] {
  return env.some((pair) => pair.startsWith("PATH=")) ? env : [DEFAULT_PATH, ...env];
}

/** What {@link sandboxMountRules} needs besides the fields. */
export interface SandboxMounts {
  readonly uid: number;
  readonly gid: number;
  /** The definition's word for control groups. */
  readonly cgroup: Container["cgroup"];
  /** Mounts of this container alone, which its own may replace. */
  readonly more: readonly Mount[];
}

/** The mounts of the default sandbox. A writable tmpfs belongs to the container's user. */
export function sandboxMountRules({ uid, gid, cgroup = "new", more }: SandboxMounts): MountRules {
  return {
    defaults: [
      mountOf("/dev", "tmpfs", "tmpfs", ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"]),
      mountOf("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
      mountOf("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", `max=${TERMINALS_LIMIT}`]),
      mountOf("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", `size=${TMPFS_SIZE}`]),
      mountOf("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
      mountOf("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
      cgroupMount(cgroup),
      ...more,
    ],
    bindOptions: (given = []) =>
      withDefaults(given, [
        [["rbind", "bind"], "rbind"],
        [["ro", "rw"], "rw"],
        [["private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable"], "rprivate"],
      ]),
    tmpfsOptions: (destination, given) =>
      withDefaults(given, [
        [["suid", "nosuid"], "nosuid"],
        [["dev", "nodev"], "nodev"],
        [["size"], `size=${TMPFS_SIZE}`],
        [["mode"], `mode=${/^(\/var)?\/tmp$/.test(destination) ? "1777" : "755"}`],
        ...(uid === 0 ? [] : [[["uid"], `uid=${uid}`] as const]),
        ...(gid === 0 ? [] : [[["gid"], `gid=${gid}`] as const]),
      ]),
  };
}

// a mount of the machine's own would change the options of all (see keepBorders in the guest's program): it is shown instead
function cgroupMount(cgroup: NonNullable<Container["cgroup"]>): Mount {
  const options = ["nosuid", "noexec", "nodev", "relatime", cgroup === "new" ? "ro" : "rw"];
  return cgroup === "host"
    ? mountOf("/sys/fs/cgroup", "bind", "/sys/fs/cgroup", ["bind", ...options])
    : mountOf("/sys/fs/cgroup", "cgroup", "cgroup", options);
}

/** The mount through which a service sees its secrets. */
export function secretsMount(service: string): Mount {
  return mountOf("/run/secrets", "bind", secretsPath(service), ["bind", "ro", "nosuid", "nodev", "noexec", "rprivate"]);
}

/** The file of a service that names others, beside its `config.json`. */
export function hostsPath(bundle: string): string {
  return `${bundle}/hosts`;
}

/** The mount through which a service finds others by name. The image's own file may be shared with other containers. */
export function hostsMount(bundle: string): Mount {
  return mountOf("/etc/hosts", "bind", `/${hostsPath(bundle)}`, ["bind", "ro", "nosuid", "nodev", "noexec", "rprivate"]);
}

/** The fields with the defaults of the sandbox. */
export function sandboxDefaults(fields: EffectiveFields, name: string): EffectiveFields {
  const ownHostname = fields.uts === undefined || fields.uts === "" || fields.uts === "new";
  return {
    readonly: true,
    noNewPrivileges: true,
    maskedPaths: [...MASKED_PATHS],
    readonlyPaths: [...READONLY_PATHS],
    ...(ownHostname && { hostname: name }),
    ...fields,
    resources: { pids: { limit: PIDS_LIMIT }, ...fields.resources },
    env: sandboxEnvironment(fields.env),
  };
}

type Default = readonly [anyOf: readonly string[], otherwise: string];

function withDefaults(given: readonly string[], defaults: readonly Default[]): readonly string[] {
  const names = new Set(given.map((option) => option.split("=")[0]));
  return [...given, ...defaults.flatMap(([anyOf, otherwise]) => (anyOf.some((name) => names.has(name)) ? [] : [otherwise]))];
}
