import { type ConsoleLine, parseConsoleLine } from "./console.ts";

/** Something that a boot did, and when. */
export interface BootSpan {
  /** `kernel`, `init`, `modules`, `mounts`, `onboot dhcp`, `service web`. */
  readonly name: string;
  /** Seconds since the kernel started. */
  readonly start: number;
  /** Seconds since the kernel started. Undefined if it did not end before the boot did. */
  readonly end: number | undefined;
  /** Why it failed. @default it did not */
  readonly failure?: string;
}

/** A boot, from the start of the kernel until every service is healthy, or until it failed. */
export interface RecordedBoot {
  /** In the order in which they began. */
  readonly spans: readonly BootSpan[];
  /** When every service was healthy, in seconds since the kernel started. Undefined if the record ends before that. */
  readonly healthy: number | undefined;
}

type Report = Pick<ConsoleLine, "seconds" | "stage"> & { readonly name?: string; readonly state?: string; readonly message?: string };

/** Marks a report on a raw console; `logs` prints the console without control characters. */
const MARK = "\u001e";
const REPORT = /(?:^|\u001e)linuxkit (\S+) \d+\.\d+ kernel /;

/**
 * The first boot in a record: a machine's console, as `logs` prints it or raw, or its events, as `events --json` prints them.
 * Only the guest knows the word that begins its reports, and it writes the first line before any container runs; so a
 * container cannot add to the boot.
 *
 * @returns undefined if the record has no boot
 */
export function readBoot(text: string): RecordedBoot | undefined {
  const lines = text.split(/\r*\n/);
  const events = lines.flatMap(eventOf);
  const reports = events.length > 0 ? events : consoleReports(lines);
  return reports.length === 0 ? undefined : bootOf(reports);
}

function consoleReports(lines: readonly string[]): Report[] {
  const nonce = lines.map((line) => REPORT.exec(line)?.[1]).find((word) => word !== undefined);
  if (nonce === undefined) return [];
  return lines.flatMap((line) => {
    const start = line.lastIndexOf(`linuxkit ${nonce} `);
    return (start < 0 ? undefined : parseConsoleLine(MARK + line.slice(start), nonce)) ?? [];
  });
}

function eventOf(line: string): Report[] {
  if (!line.startsWith("{")) return [];
  try {
    const { seconds, stage, name, state, message } = JSON.parse(line) as Partial<Record<keyof Report, unknown>>;
    if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 0 || typeof stage !== "string") return [];
    const texts = Object.entries({ name, state, message }).filter(([, value]) => typeof value === "string");
    return [{ seconds, stage: stage as ConsoleLine["stage"], ...Object.fromEntries(texts) }];
  } catch {
    return [];
  }
}

const STAGES = ["kernel", "init", "modules", "mounts"];

function bootOf(reports: readonly Report[]): RecordedBoot {
  const spans = new Map<string, BootSpan>();
  const end = (name: string, seconds: number, failure?: string): void => {
    const span = spans.get(name) ?? { name, start: seconds, end: undefined };
    if (span.end === undefined) spans.set(name, { ...span, end: seconds, ...(failure !== undefined && { failure }) });
  };
  let last = 0;
  for (const { seconds, stage, name = "", state = "", message = "" } of reports) {
    const own = `${stage} ${name}`;
    // the second boot of a record is another one
    if (stage === "kernel" && spans.size > 0) break;
    if (STAGES.includes(stage)) {
      // a stage is reported when it is over
      spans.set(stage, { name: stage, start: last, end: seconds });
      last = seconds;
    } else if (stage === "healthy") {
      // without a health check, a service is up once it has started
      for (const span of spans.values()) end(span.name, span.start);
      return { spans: [...spans.values()], healthy: seconds };
    } else if (stage === "failed")
      return { spans: [...spans.values(), { name: "failed", start: seconds, end: seconds, failure: message }], healthy: undefined };
    else if (stage === "shutdown") break;
    else if (state === "start" || state === "started") {
      if (!spans.has(own)) spans.set(own, { name: own, start: seconds, end: undefined });
    } else if (state === "ok" || state === "healthy" || state === "ended") end(own, seconds);
    else if (state === "failed" || state === "optional") end(own, seconds, message || state);
  }
  return { spans: [...spans.values()], healthy: undefined };
}
