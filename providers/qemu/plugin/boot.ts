import { setTimeout as sleep } from "node:timers/promises";
import { isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import { type ConsoleLine, describeStage, parseConsoleLine } from "../../../sdk/guest/console.ts";
import { consoleReader, lastLines, readableLine } from "./console-log.ts";
import { withMonitor } from "./monitor.ts";
import { lastLogLines, logText, reportServices, reportText } from "./service-report.ts";

/** How many of the console's last lines an error shows. */
const SHOWN = 20;

/** Milliseconds between two reads of the console. */
const PACE = 50;

/** Reads of the console after a kernel panic, so that the error shows the reason. */
const LAST_READINGS = 40;

/** Restarts of one service after which a boot has failed: the pauses between them have taken 31 seconds by then. */
export const CRASH_LIMIT = 6;

/** A boot to watch. */
export interface BootWatch {
  /** The machine's name in the program, for messages. */
  readonly name: string;
  readonly folder: string;
  /** This boot's nonce, which marks the guest's genuine reports. */
  readonly nonce: string;
  /** See {@link Launched.ended}. */
  readonly ended: () => boolean;
  /** False for a guest without reports: then it is enough that QEMU runs. */
  readonly patient: boolean;
  /** How often a service may be restarted before the machine is healthy. @default {@link CRASH_LIMIT} */
  readonly crashLimit?: number | undefined;
  /** What to do to look into the machine, for messages about a service. */
  readonly hint?: ((service: string) => string) | undefined;
  readonly signal: AbortSignal;
  readonly progress: OnProgress;
}

/** A guest whose services are all healthy. */
export interface Booted {
  /** `/proc/sys/kernel/random/boot_id` of the guest. */
  readonly bootId: string;
  /** Seconds from QEMU's start to health, on the host's clock: an emulated guest's clock may be wrong on a busy host. */
  readonly seconds: number;
}

/** What the console has shown so far. */
interface Heard {
  bootId: string;
  stage: string;
  panic: string | undefined;
  /** A failure reported without the nonce, because the guest had not read it yet: trusted once the machine is off. */
  nameless: string | undefined;
  /** Reads since the panic. */
  readings: number;
  /** The services whose first crash was shown. */
  readonly crashed: Set<string>;
  /** The last report of each service. */
  readonly services: Map<string, ConsoleLine & { readonly stage: "service" }>;
}

/**
 * Follows the console until the guest reports healthy. Undefined without `waitForHealth`.
 *
 * @throws BOOT_FAILED when the guest reports a failure, a service stays down or crashes too often, the kernel panics or QEMU
 * ends; TIMEOUT and CANCELLED by the signal. The first two show the last lines of the logs of the services concerned, or
 * those of the console.
 */
export async function waitForHealth(watch: BootWatch): Promise<Booted | undefined> {
  const read = consoleReader(watch.folder);
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const heard: Heard = {
    bootId: "",
    stage: "firmware",
    panic: undefined,
    nameless: undefined,
    readings: 0,
    crashed: new Set(),
    services: new Map(),
  };
  for (;;) {
    // checked before the read, so that the last lines are not missed
    const ended = watch.ended();
    for (const text of await read()) {
      heard.panic ??= /Kernel panic - not syncing: .*/.exec(readableLine(text))?.[0];
      const nameless = parseConsoleLine(text, "-");
      if (nameless?.stage === "failed") heard.nameless = nameless.message;
      const line = parseConsoleLine(text, watch.nonce);
      if (!line) continue;
      if (line.stage === "failed") throw await failure(watch, heard, line.message);
      if (line.stage === "healthy") return { bootId: heard.bootId, seconds: seconds() };
      note(heard, line);
      if (watch.patient && line.stage === "service") await judge(watch, heard, line);
      watch.progress({ stage: "boot", message: describeStage(line), done: seconds(), unit: "seconds" });
    }
    if (heard.panic && heard.readings++ > LAST_READINGS) throw await failure(watch, heard, heard.panic);
    if (ended)
      throw await failure(
        watch,
        heard,
        heard.nameless ?? heard.panic ?? (await refusal(watch.folder)) ?? `it stopped after the stage "${heard.stage}"`,
      );
    if (watch.signal.aborted) throw await interruption(watch, heard);
    // QEMU's socket answers once it has read its files and bound its ports
    if (!watch.patient && (await withMonitor(watch.folder, (execute) => execute("query-status")))) return undefined;
    await sleep(PACE, undefined, { signal: watch.signal }).catch(() => {});
  }
}

function note(heard: Heard, line: ConsoleLine): void {
  heard.stage = "name" in line ? `${line.stage} ${line.name}` : line.stage;
  if (line.stage === "kernel") heard.bootId = line.bootId;
  if (line.stage === "service") heard.services.set(line.name, line);
}

/** Shows the log of a service that has crashed for the first time. @throws BOOT_FAILED when it will not come up any more */
async function judge(watch: BootWatch, heard: Heard, line: ConsoleLine & { readonly stage: "service" }): Promise<void> {
  const { name, state, message } = line;
  if (state === "ended" && message !== ENDED_WELL) throw await given(watch, `service ${name} stays down: ${message}`, name);
  if (state !== "restart") return;
  if (!heard.crashed.has(name)) {
    heard.crashed.add(name);
    const why = message.replace(/^\d+ in \d+ s: /, "");
    const log = logText(name, await lastLogLines(watch.folder, name));
    watch.progress({ stage: "boot", message: `service ${name} crashed: ${why}${log}`, lasting: true });
  }
  const { crashLimit = CRASH_LIMIT } = watch;
  if (Number.parseInt(message, 10) >= crashLimit)
    throw await given(
      watch,
      `service ${name} crashed ${crashLimit} ${crashLimit === 1 ? "time" : "times"} (crashLimit), the last with ${message.replace(/^.*?: /, "")}`,
      name,
    );
}

/** How the guest says that a service ended as its restart policy expects (sdk/guest/linuxkitd/internal/supervise/core.go). */
const ENDED_WELL = "exit status 0";

async function given({ name, folder, hint }: BootWatch, why: string, service: string): Promise<LinuxKitError<"BOOT_FAILED">> {
  const reports = (await reportServices(folder))?.filter((report) => report.name === service);
  const shown = reports ? reportText(reports) : "";
  return new LinuxKitError(
    "BOOT_FAILED",
    `machine "${name}" did not become healthy: ${why}${shown || quoted(await consoleTail(folder))}${hint ? `\n${hint(service)}` : ""}`,
    { stage: `service ${service}`, console: await consoleTail(folder) },
  );
}

async function failure({ name, folder }: BootWatch, { stage }: Heard, why: string): Promise<LinuxKitError<"BOOT_FAILED">> {
  const console = await consoleTail(folder);
  return new LinuxKitError("BOOT_FAILED", `machine "${name}" did not boot: ${why}${quoted(console)}`, { stage, console });
}

// QEMU's own messages start with its name
async function refusal(folder: string): Promise<string | undefined> {
  return (await consoleTail(folder)).findLast((line) => /^qemu-system-\w+: /.test(line));
}

async function interruption({ name, folder, signal, hint }: BootWatch, heard: Heard): Promise<unknown> {
  const { reason } = signal;
  if (!isLinuxKitError(reason, "TIMEOUT")) return reason;
  const waitingFor = outstanding(heard);
  const reports = heard.services.size > 0 ? ((await reportServices(folder)) ?? []) : [];
  const [first] = reports;
  const shown = first ? reportText(reports) + (hint ? `\n${hint(first.name)}` : "") : quoted(await consoleTail(folder));
  return new LinuxKitError(
    "TIMEOUT",
    `machine "${name}" was not healthy within ${reason.detail.seconds} s: waiting for ${waitingFor}${shown}`,
    { seconds: reason.detail.seconds, waitingFor },
    { cause: reason },
  );
}

function outstanding({ stage, panic, services }: Heard): string {
  if (panic) return panic;
  const down = [...services.values()].filter(({ state }) => state !== "healthy" && state !== "ended");
  // one that waits for another is no cause
  const causes = down.filter(({ state }) => state !== "waiting");
  if (down.length > 0) return (causes.length > 0 ? causes : down).map(describeStage).join("; ");
  return stage === "firmware" ? "the guest's first report on its console" : `the stage after "${stage}"`;
}

/** The console's last lines, with the guest's reports in plain words. */
export async function consoleTail(folder: string): Promise<string[]> {
  const lines = await lastLines(folder, SHOWN);
  return lines.map((line) => line.replace(/linuxkit \S+ (\d+\.\d+) /, "[$1] linuxkit: "));
}

function quoted(lines: readonly string[]): string {
  return lines.length === 0 ? "; its console is empty" : `\nlast lines of its console:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
