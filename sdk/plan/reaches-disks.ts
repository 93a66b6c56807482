import type { Bundle } from "../runtime/bundle.ts";

/** What of the runtime specification decides it (config.md, "Mounts"; config-linux.md, "Device whitelist"). */
interface Config {
  readonly process?: { readonly capabilities?: { readonly bounding?: readonly string[] } };
  readonly mounts?: readonly Mount[];
  readonly linux: { readonly resources: { readonly devices?: readonly { readonly allow: boolean; readonly type?: string }[] } };
}
interface Mount {
  readonly type?: string;
  readonly options?: readonly string[];
}

/** Filesystems of memory, of the kernel and of other machines, and binds. A mount of any other may be of a disk. */
const WITHOUT_DISK =
  /^(bind|none|proc|sysfs|tmpfs|ramfs|devpts|devtmpfs|mqueue|cgroup2?|overlay|tracefs|debugfs|securityfs|configfs|bpf|hugetlbfs|9p|virtiofs|nfs4?)$/;

/**
 * Whether a container can open a disk of the machine, or has one mounted. Without a rule for all devices, as in LinuxKit's
 * sandbox, it counts as one that can; so does one that loads modules of its own.
 */
export function reachesDisks({ config, runtime }: Pick<Bundle, "config" | "runtime">): boolean {
  const { process, mounts = [], linux } = JSON.parse(config) as Config;
  const { mounts: more = [] } = JSON.parse(runtime) as Pick<Config, "mounts">;
  const rules = linux.resources.devices ?? [];
  const opensAll = !rules.some(({ allow, type = "a" }) => !allow && type === "a");
  const opens = rules.some(({ allow, type = "a" }) => allow && ["a", "b"].includes(type));
  const mountsOne = [...mounts, ...more].some(({ type = "none", options = [] }) => !WITHOUT_DISK.test(type) && !isBind(options));
  return opensAll || opens || mountsOne || (process?.capabilities?.bounding ?? []).includes("CAP_SYS_MODULE");
}

function isBind(options: readonly string[]): boolean {
  return options.includes("bind") || options.includes("rbind");
}
