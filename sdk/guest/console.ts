/**
 * What the guest reports on its console, one line per stage:
 *
 *     U+001E linuxkit NONCE SECONDS STAGE [WORD…] [MESSAGE…]
 *
 * `NONCE` is this boot's own word, which no container can read, so no container can forge a line; `SECONDS` is the
 * time since the kernel started. Names hold no white space; a message runs to the end of the line.
 */
const MARK = "\u001elinuxkit ";

/** A stage of the guest's life, with what is particular to it. */
export type ConsoleStage =
  /** First of all; `bootId` is the kernel's `/proc/sys/kernel/random/boot_id`. */
  | { readonly stage: "kernel"; readonly release: string; readonly bootId: string }
  /** The whole image was unpacked, and our init goes on. */
  | { readonly stage: "init" }
  /** Kernel modules are in; the message names those that the kernel refused. */
  | { readonly stage: "modules"; readonly message: string }
  /** Filesystems are mounted and the root is read-only. */
  | { readonly stage: "mounts" }
  /** A task that runs before the services, or after them. `message` says why it failed. */
  | { readonly stage: "onboot" | "onshutdown"; readonly name: string; readonly state: TaskState; readonly message: string }
  /** A service. `message` says why it is unhealthy, is restarted or stays down. */
  | { readonly stage: "service"; readonly name: string; readonly state: ServiceState; readonly message: string }
  /** Every service is started, and every one that has a health check passed it. Once per boot. */
  | { readonly stage: "healthy" }
  /** The boot ends here and the machine powers off; `message` says which part failed and why. */
  | { readonly stage: "failed"; readonly message: string }
  /** An ordered shutdown begins; `message` says how it ends: `poweroff` or `reboot`. */
  | { readonly stage: "shutdown"; readonly message: string }
  /** Everything is stopped and unmounted: the last line. */
  | { readonly stage: "off" };

/** `optional`: it failed, and the boot goes on since the definition says that it may. */
export type TaskState = (typeof TASK_STATES)[number];
const TASK_STATES = ["start", "ok", "failed", "optional"] as const;

/** `waiting`: another has to be up first; `restart`: it ended and will be started again; `ended`: it ended and stays down, as its policy says. */
export type ServiceState = (typeof SERVICE_STATES)[number];
const SERVICE_STATES = ["waiting", "started", "healthy", "unhealthy", "restart", "ended", "stopped"] as const;

/** A {@link ConsoleStage} and when it was reached, in seconds since the kernel started. */
export type ConsoleLine = ConsoleStage & { readonly seconds: number };

/**
 * Reads a line of the guest's serial console. Gives `undefined` for anything that is not the guest's own report:
 * kernel messages, a firmware's text, another boot's nonce, a stage or state that does not exist.
 */
export function parseConsoleLine(line: string, nonce: string): ConsoleLine | undefined {
  // the kernel may have left a line unfinished in front of ours
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

/** A stage as one line for people: `onboot dhcp failed: exit status 1`. */
export function describeStage(stage: ConsoleStage): string {
  const words: string[] = [stage.stage];
  if ("name" in stage) words.push(stage.name, stage.state);
  if ("release" in stage) words.push(stage.release);
  const message = "message" in stage ? stage.message : "";
  return message ? `${words.join(" ")}: ${message}` : words.join(" ");
}
