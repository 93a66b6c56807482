import { CONSOLE } from "./files/console.ts";
import { ATTACH, CONTAINER } from "./files/container.ts";
import { FIRMWARE_READER } from "./files/firmware.ts";
import { HARDEN } from "./files/harden.ts";
import { HEALTH } from "./files/health.ts";
import { INIT } from "./files/init.ts";
import { LOG } from "./files/log.ts";
import { MODULES } from "./files/modules.ts";
import { FSTAB, MOUNTS } from "./files/mounts.ts";
import { NETWORK } from "./files/network.ts";
import { POWER } from "./files/power.ts";
import { SECRETS } from "./files/secrets.ts";
import { SHUTDOWN } from "./files/shutdown.ts";
import { SUPERVISOR } from "./files/supervisor.ts";
import { TASKS } from "./files/tasks.ts";
import { VOLUMES } from "./files/volumes.ts";
import { WAIT } from "./files/wait.ts";
import type { GuestFile } from "./guest-file.ts";
import { type Forwarded, forwardFiles } from "./forward.ts";
import { healthzFiles } from "./healthz.ts";

/** The path of the file that shows that the image was unpacked completely. It must be the last entry of the last segment. */
export const END_MARK = "lib/linuxkit/complete";

/** If an initramfs does not fit into memory, the kernel continues with a part of it, so the init first checks {@link END_MARK}. */
export const END_MARK_CONTENTS = "complete\n";

/** Empty folders of the root filesystem at which the init mounts. */
export const MOUNT_POINTS: readonly string[] = ["dev", "mnt", "proc", "run", "sys", "tmp", "var"];

/** The parts of the init, installed as `/lib/linuxkit/<name>`. */
export const PARTS: Readonly<Record<string, string>> = {
  console: CONSOLE,
  container: CONTAINER,
  firmware: FIRMWARE_READER,
  harden: HARDEN,
  health: HEALTH,
  log: LOG,
  modules: MODULES,
  mounts: MOUNTS,
  network: NETWORK,
  power: POWER,
  secrets: SECRETS,
  shutdown: SHUTDOWN,
  supervisor: SUPERVISOR,
  tasks: TASKS,
  volumes: VOLUMES,
  wait: WAIT,
};

/** The options of {@link guestFiles}, from the definition of the OS. */
export interface GuestFileOptions {
  readonly healthPort?: number;
  readonly seccomp?: object;
  readonly forwarded?: readonly Forwarded[];
  readonly parameters?: { readonly early: readonly string[]; readonly last: readonly string[] };
}

/**
 * The guest's own files, sorted by path. They also need, from other sources: `bin/busybox` with the symlink `bin/sh`, `crun`
 * or `runc`, the {@link MOUNT_POINTS}, `etc/modules.list`, the firewall and {@link END_MARK}. `healthPort` is the port that
 * answers `GET /healthz` (default: none). `seccomp` is the filter of system calls of the guest's own containers.
 * `forwarded` are the services whose logs are sent to a collector. `parameters` are lines `path value` below `/proc/sys`:
 * `early` is written before the first module, and again after the onboot tasks, together with `last`.
 */
export function guestFiles({ healthPort, seccomp, forwarded = [], parameters }: GuestFileOptions = {}): readonly GuestFile[] {
  const parts = Object.entries(PARTS).map(([name, contents]) => ({ path: `lib/linuxkit/${name}`, mode: 0o644, contents }));
  const files: GuestFile[] = [
    { path: "init", mode: 0o755, contents: INIT },
    { path: "lib/linuxkit/attach", mode: 0o755, contents: ATTACH },
    { path: "lib/linuxkit/fstab", mode: 0o644, contents: FSTAB },
    ...parts,
    ...(healthPort === undefined ? [] : healthzFiles(healthPort, seccomp)),
    ...(forwarded.length > 0 ? forwardFiles(forwarded, seccomp) : []),
    ...(parameters ? [parametersFile("early", parameters.early), parametersFile("last", parameters.last)] : []),
  ];
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function parametersFile(when: "early" | "last", lines: readonly string[]): GuestFile {
  return { path: `lib/linuxkit/parameters.${when}`, mode: 0o644, contents: lines.map((line) => `${line}\n`).join("") };
}
