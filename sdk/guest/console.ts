/**
 * What the guest reports on its console, one line per stage:
 *
 *     U+001E linuxkit NONCE SECONDS STAGE [WORD…] [MESSAGE…]
 *
 * `NONCE` is a random word of this boot. Containers cannot read it, so they cannot forge a line. `SECONDS` is the time
 * since the kernel started. Names have no white space; a message extends to the end of the line.
 */
const MARK = "\u001elinuxkit ";

/** A stage of the guest, with its details. */
export type ConsoleStage =
  /** The first stage; `bootId` is the kernel's `/proc/sys/kernel/random/boot_id`. */
  | { readonly stage: "kernel"; readonly release: string; readonly bootId: string }
  /** The image was unpacked completely, and the init continues. */
  | { readonly stage: "init" }
  /** Kernel modules are loaded; the message names those that the kernel refused. */
  | { readonly stage: "modules"; readonly message: string }
  /** Filesystems are mounted and the root is read-only. */
  | { readonly stage: "mounts" }
  /** A task that runs before or after the services. `message` is the reason for a failure. */
  | { readonly stage: "onboot" | "onshutdown"; readonly name: string; readonly state: TaskState; readonly message: string }
  /** A service. `message` is the reason why it is unhealthy, is restarted or stays down. */
  | { readonly stage: "service"; readonly name: string; readonly state: ServiceState; readonly message: string }
  /** Every service has started, and every health check has passed. Reported once per boot. */
  | { readonly stage: "healthy" }
  /** The boot failed and the machine powers off; `message` names the part that failed and the reason. */
  | { readonly stage: "failed"; readonly message: string }
  /** An orderly shutdown begins; `message` is `poweroff` or `reboot`. */
  | { readonly stage: "shutdown"; readonly message: string }
  /** Everything is stopped and unmounted; this is the last line. */
  | { readonly stage: "off" };

/** `optional`: it failed, but the boot continues because the task is optional. */
export type TaskState = (typeof TASK_STATES)[number];
const TASK_STATES = ["start", "ok", "failed", "optional"] as const;

/** `waiting`: another service must be up first; `restart`: it ended and will be started again; `ended`: it ended and stays down, by its restart policy. */
export type ServiceState = (typeof SERVICE_STATES)[number];
const SERVICE_STATES = ["waiting", "started", "healthy", "unhealthy", "restart", "ended", "stopped"] as const;

/** A {@link ConsoleStage} and its time, in seconds since the kernel started. */
export type ConsoleLine = ConsoleStage & { readonly seconds: number };

/**
 * Parses a line of the guest's serial console. Returns `undefined` for any line that is not a report of the guest: kernel
 * messages, firmware output, another boot's nonce, an unknown stage or state.
 */
export function parseConsoleLine(line: string, nonce: string): ConsoleLine | undefined {
  // the kernel may have written an unfinished line before the report
  const start = line.lastIndexOf(MARK);
  if (start < 0) return undefined;
  const [word, time, stage, ...rest] = line
    .slice(start + MARK.length)
    .trimEnd()
    .split(" ");
  if (nonce === "" || word !== nonce || time === undefined || !/^\d+\.\d+$/.test(time) || stage === undefined) return undefined;
  const read = parseStage(stage, rest);
  return read && Object.freeze({ ...read, seconds: Number(time) });
}

function parseStage(stage: string, words: readonly string[]): ConsoleStage | undefined {
  const [first = "", second = "", ...rest] = words;
  switch (stage) {
    case "kernel":
      return first && second ? { stage, release: first, bootId: second } : undefined;
    case "init":
    case "mounts":
    case "healthy":
    case "off":
      return words.length === 0 ? { stage } : undefined;
    case "modules":
    case "failed":
    case "shutdown":
      return { stage, message: words.join(" ") };
    case "onboot":
    case "onshutdown": {
      const state = TASK_STATES.find((known) => known === second);
      return state && first ? { stage, name: first, state, message: rest.join(" ") } : undefined;
    }
    case "service": {
      const state = SERVICE_STATES.find((known) => known === second);
      return state && first ? { stage, name: first, state, message: rest.join(" ") } : undefined;
    }
    default:
      return undefined;
  }
}

/** A stage as one line of text: `onboot dhcp failed: exit status 1`. */
export function describeStage(stage: ConsoleStage): string {
  const words: string[] = [stage.stage];
  if ("name" in stage) words.push(stage.name, stage.state);
  if ("release" in stage) words.push(stage.release);
  const message = "message" in stage ? stage.message : "";
  return message ? `${words.join(" ")}: ${message}` : words.join(" ");
}
