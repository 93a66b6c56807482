import { quote } from "./quote.ts";
import type { RuntimeActions, RuntimeInterface, RuntimeMount } from "./runtime-actions.ts";

/** The name of the file that {@link guestContainer} renders, next to a bundle's `config.json` and `runtime.json`. */
export const GUEST_FILE = "guest";

/** The three kinds of container, named like the folders below `/containers`. */
export type GuestPhase = "onboot" | "services" | "onshutdown";

/** How the guest checks that a service works. Times are seconds. */
export type GuestHealth = (
  | { readonly http: { readonly port: number; readonly path?: string; readonly status?: number } }
  | { readonly tcp: { readonly port: number } }
  | { readonly command: readonly string[] }
) & {
  /** Time between two checks of a healthy service. After a start, checks are more frequent until the first success. @default 5 */
  readonly interval?: number;
  /** A check that takes longer fails. @default 5 */
  readonly timeout?: number;
  /** Consecutive failures that make a service unhealthy. After its start, a service has `retries` intervals to become healthy. @default 3 */
  readonly retries?: number;
};

/** What the guest needs to know of a container, besides its OCI `config.json`. */
export interface GuestContainer {
  /** Its name on the console and in names of log files; no white space, no slash. */
  readonly name: string;
  readonly phase: GuestPhase;
  /** Its folder below `/containers/<phase>`, and its id for the runtime: `000-dhcp`, `web`. */
  readonly directory: string;
  /** `extracted`: the folder of its unpacked image, if another container has it (`/containers/services/a/lower`). */
  readonly rootfs: { readonly readonly: boolean; readonly extracted?: string };
  /** LinuxKit's `runtime.json`. Mounts of the root filesystem in it are ignored; {@link rootfs} determines them. */
  readonly runtime?: RuntimeActions;
  /** The machine's user id of the container's process, which owns the files in `/run/secrets`. @default 0 */
  readonly uid?: number;
  readonly gid?: number;
  /** The machine's user id of the container's user 0. @default 0 */
  readonly idBase?: number;
  /** Whether the container has its own network, which HTTP and TCP checks must enter. */
  readonly privateNetwork?: boolean;
  /** Services only: its link on the machine's firewall; see `firewall.ts`. */
  readonly link?: { readonly link: string; readonly gateway: string; readonly address: string };
  /** Services only. @default "always" */
  readonly restart?: "always" | "on-failure" | "never";
  /** Services only. */
  readonly health?: GuestHealth;
  /** Tasks only: seconds after which the task is killed and fails; 0 is no limit. @default 300, at shutdown 30 */
  readonly timeout?: number;
  /** Tasks only: whether the boot continues after a failure. */
  readonly optional?: boolean;
  /** Services only: seconds from SIGTERM to SIGKILL at shutdown. @default 10 */
  readonly stopTimeout?: number;
  /** Services only: the services that must be up before it starts. @default none */
  readonly after?: readonly string[];
  /** Services only: the services that name it in `after`; they are stopped before it. @default none */
  readonly before?: readonly string[];
  /** Services only: after `count` restarts within `within` seconds it stays down. @default no limit */
  readonly restartLimit?: { readonly count: number; readonly within?: number };
  /** Services only: bytes of its output that are kept. @default 512 KiB */
  readonly logSize?: number;
  /** If set, running out of memory ends the whole container; `unlimited` is bounded by the machine's reserve. @default neither */
  readonly memory?: "limited" | "unlimited";
  /** Names of the secrets that the guest writes to its folder below `/run/linuxkit/secrets`. */
  readonly secrets?: readonly string[];
}

/** Bytes of a service's output that are kept by default. */
export const LOG_SIZE = 512 << 10;

/** The path of a container's bundle in the guest. */
export function bundlePath(container: Pick<GuestContainer, "phase" | "directory">): string {
  return `/containers/${container.phase}/${container.directory}`;
}

/** The folder of a service's secrets, each a file with mode 0400: the source of the bind to `/run/secrets`. */
export function secretsPath(service: string): string {
  return `/run/linuxkit/secrets/${service}`;
}

/**
 * The file {@link GUEST_FILE} of a bundle: POSIX shell that the guest sources, because BusyBox cannot parse JSON. It sets
 * variables and defines `prepare`, `attach` and `check`, which call the guest's own functions. Every value of the container
 * is quoted, so that it is never run. `bundle` is the folder of the file in the guest.
 *
 * @throws RangeError for a NUL byte, or a negative or infinite number
 */
export function guestContainer(container: GuestContainer, bundle: string = bundlePath(container)): string {
  const { phase, runtime = {}, health } = container;
  const lines = [
    `name=${quote(container.name)}`,
    `id=${quote(container.directory)}`,
    `bundle=${quote(bundle)}`,
    `log=${quote(logPath(container))}`,
  ];
  if (phase === "services") {
    lines.push(
      `restart=${quote(container.restart ?? "always")}`,
      `stop_timeout=${seconds(container.stopTimeout ?? 10)}`,
      `secrets=${quote((container.secrets ?? []).join(" "))}`,
      `owner=${seconds(container.uid ?? 0)}:${seconds(container.gid ?? 0)}`,
      `checked=${health ? 1 : 0}`,
      `after=${quote((container.after ?? []).join(" "))}`,
      `before=${quote((container.before ?? []).join(" "))}`,
      `restart_limit=${seconds(container.restartLimit?.count ?? 0)}`,
      `restart_within=${Math.ceil(container.restartLimit?.within ?? 0)}`,
      `log_size=${Math.floor((container.logSize ?? LOG_SIZE) / 2)}`,
      `memory=${container.memory ?? ""}`,
    );
    if (health) {
      lines.push(
        `interval=${seconds(health.interval ?? 5)}`,
        `check_timeout=${seconds(health.timeout ?? 5)}`,
        `retries=${seconds(health.retries ?? 3)}`,
      );
    }
  } else {
    lines.push(`timeout=${seconds(container.timeout ?? (phase === "onboot" ? 300 : 30))}`, `optional=${container.optional ? 1 : 0}`);
  }
  const attached = attachCalls(runtime, container.link);
  lines.push(`attached=${attached.length > 0 ? 1 : 0}`, ...shellFunction("prepare", prepareCalls(container, bundle)));
  if (attached.length > 0) lines.push(...shellFunction("attach", attached));
  if (health) lines.push(...shellFunction("check", [checkCall(health, container.privateNetwork ?? false)]));
  return `${lines.join("\n")}\n`;
}

/** The log of a container in the guest. A task's standard output is next to it, in `….out.log`. */
export function logPath({ phase, name, directory }: Pick<GuestContainer, "phase" | "name" | "directory">): string {
  return phase === "services" ? `/run/log/${name}.log` : `/run/log/${phase}/${directory}.log`;
}

function prepareCalls(container: GuestContainer, bundle: string): string[] {
  const root = `${bundle}/rootfs`;
  const { readonly, extracted = `${bundle}/${readonly ? "rootfs" : "lower"}` } = container.rootfs;
  const inside = (path: string): string => (path.startsWith("/") ? path : `${root}/${path}`);
  const calls: string[] = [];
  if (!readonly) calls.push(`overlay_root ${quote(extracted)} ${quote(bundle)}`);
  else if (container.idBase) calls.push(`open_root ${quote(extracted)} ${quote(root)}`);
  else if (extracted !== root) calls.push(`bind_root ${quote(extracted)} ${quote(root)}`);
  const { cgroups = [], mounts = [], mkdir = [] } = container.runtime ?? {};
  for (const cgroup of cgroups) calls.push(`make_folder ${quote(`/sys/fs/cgroup/${cgroup}`)}`);
  for (const mount of mounts) {
    const destination = inside(mount.destination);
    if (destination !== root && destination !== `${bundle}/tmp`) calls.push(mountCall(mount, destination));
  }
  for (const path of mkdir) calls.push(`make_folder ${quote(inside(path))}${container.idBase ? ` ${seconds(container.idBase)}` : ""}`);
  return calls;
}

function mountCall({ type = "", source = "", options = [] }: RuntimeMount, destination: string): string {
  return `mount_at ${quote(type)} ${quote(source)} ${quote(options.join(","))} ${quote(destination)}`;
}

function attachCalls({ interfaces = [], bindNS = {} }: RuntimeActions, own: GuestContainer["link"]): string[] {
  const calls = interfaces.map((link) => interfaceCall(link));
  if (own) calls.unshift(`private_link ${quote(own.link)} ${quote(own.gateway)} ${quote(own.address)}`);
  for (const [namespace, path] of Object.entries(bindNS)) {
    // LinuxKit writes every key, and "" for unset ones
    if (path) calls.push(`bind_namespace ${quote(namespace)} ${quote(path)}`);
  }
  return calls;
}

function interfaceCall({ name, add = "", peer = "", createInRoot = false }: RuntimeInterface): string {
  if (peer) return `add_veth ${quote(name)} ${quote(peer)}`;
  if (!add) return `move_link ${quote(name)}`;
  return `${createInRoot ? "add_link_in_root" : "add_link"} ${quote(name)} ${quote(add)}`;
}

function checkCall(health: GuestHealth, privateNetwork: boolean): string {
  if ("command" in health) return `check_command ${health.command.map(quote).join(" ")}`;
  const prefix = privateNetwork ? "inside " : "";
  if ("tcp" in health) return `${prefix}check_tcp ${seconds(health.tcp.port)}`;
  const { port, path = "/", status = 200 } = health.http;
  return `${prefix}check_http ${seconds(port)} ${quote(path)} ${seconds(status)}`;
}

function shellFunction(name: string, calls: readonly string[]): string[] {
  return calls.length > 0
    ? [`${name}() {`, ...calls.map((call, at) => `  ${call}${at < calls.length - 1 ? " &&" : ""}`), "}"]
    : [`${name}() { :; }`];
}

/** A number in the shell's form. BusyBox's arithmetic only has whole numbers; its waits accept fractions. */
function seconds(value: number): string {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`got ${value}, wanted a number of seconds, a port or an id`);
  return String(Number(value.toFixed(3)));
}
