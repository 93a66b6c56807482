import { setTimeout as sleep } from "node:timers/promises";
import { isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import { type ConsoleLine, describeStage, parseConsoleLine } from "../../../sdk/guest/console.ts";
import { consoleReader, lastLines, readableLine } from "./console-log.ts";
import { withMonitor } from "./monitor.ts";

/** How many of the console's last lines an error shows. */
const SHOWN = 20;

/** Milliseconds between two reads of the console. */
const PACE = 50;

/** Reads of the console after a kernel panic, so that the error shows the reason. */
const LAST_READINGS = 40;

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
  /** The last report of each service. */
  readonly services: Map<string, ConsoleLine & { readonly stage: "service" }>;
}

/**
 * Follows the console until the guest reports healthy. Undefined without `waitForHealth`.
 *
 * @throws BOOT_FAILED when the guest reports a failure, its kernel panics or QEMU ends; TIMEOUT and CANCELLED by the signal.
 * The first two show the console's last lines.
 */
export async function waitForHealth(watch: BootWatch): Promise<Booted | undefined> {
  const read = consoleReader(watch.folder);
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const heard: Heard = { bootId: "", stage: "firmware", panic: undefined, nameless: undefined, readings: 0, services: new Map() };
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

async function failure({ name, folder }: BootWatch, { stage }: Heard, why: string): Promise<LinuxKitError<"BOOT_FAILED">> {
  const console = await consoleTail(folder);
  return new LinuxKitError("BOOT_FAILED", `machine "${name}" did not boot: ${why}${quoted(console)}`, { stage, console });
}

// QEMU's own messages start with its name
async function refusal(folder: string): Promise<string | undefined> {
  return (await consoleTail(folder)).findLast((line) => /^qemu-system-\w+: /.test(line));
}

async function interruption({ name, folder, signal }: BootWatch, heard: Heard): Promise<unknown> {
  const { reason } = signal;
  if (!isLinuxKitError(reason, "TIMEOUT")) return reason;
  const waitingFor = outstanding(heard);
  return new LinuxKitError(
    "TIMEOUT",
    `machine "${name}" was not healthy within ${reason.detail.seconds} s: waiting for ${waitingFor}${quoted(await consoleTail(folder))}`,
    { seconds: reason.detail.seconds, waitingFor },
    { cause: reason },
  );
}

function outstanding({ stage, panic, services }: Heard): string {
  if (panic) return panic;
  const sick = [...services.values()].filter(({ state }) => state !== "healthy" && state !== "ended");
  if (sick.length > 0) return sick.map(describeStage).join("; ");
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
