import type { ApiConnection } from "../../../sdk/api/connection.ts";
import type { ApiRequest, MachineStatus, ServiceStatus } from "../../../sdk/api/request.ts";
import { connectPort } from "./api-port.ts";
import { readableLine } from "./console-log.ts";

/** How many of a log's last lines are shown. */
const SHOWN = 20;

/** The most letters of a line, and of all lines of a report: gRPC carries an error in a header, and HTTP/2 bounds those. */
const LONGEST_LINE = 1000;
const MOST_TEXT = 6000;

/** The most services that one report has the logs of. */
const MOST_SERVICES = 5;

/** Seconds until the interface must answer: a machine that hangs has none. */
const PATIENCE = 5;

/** A service that is not up, as the machine's interface has it. */
export interface ServiceReport {
  readonly name: string;
  /** `unhealthy: port 80: connection refused`, `down, exit status 1`. */
  readonly state: string;
  /** The last lines of its log. */
  readonly log: readonly string[];
}

/**
 * The services that keep a machine from being healthy, each with the last lines of its log. One that only waits for another
 * is left out. Undefined where the machine does not answer.
 */
export async function reportServices(folder: string): Promise<readonly ServiceReport[] | undefined> {
  return asking(folder, async (ask) => {
    const { services } = JSON.parse(await ask({ method: "status" })) as MachineStatus;
    const down = services.filter(({ state }) => state !== "ok");
    const causes = down.filter(({ state }) => !state.startsWith("waiting for "));
    const reports: ServiceReport[] = [];
    for (const one of (causes.length > 0 ? causes : down).slice(0, MOST_SERVICES))
      reports.push({ name: one.name, state: stateOf(one), log: linesOf(await ask({ method: "logs", name: one.name, lines: SHOWN })) });
    return reports;
  });
}

/** The last lines of the log of a service; none where the machine does not answer. */
export async function lastLogLines(folder: string, name: string): Promise<readonly string[]> {
  return (await asking(folder, async (ask) => linesOf(await ask({ method: "logs", name, lines: SHOWN })))) ?? [];
}

/** Reports as lines of a message, with as many of the last lines of each log as fit. */
export function reportText(reports: readonly ServiceReport[]): string {
  const room = MOST_TEXT / Math.max(1, reports.length);
  return reports.map(({ name, state, log }) => `\nservice ${name} is ${state}${logText(name, log, room)}`).join("");
}

/** The last lines of a log, as lines of a message. */
export function logText(name: string, log: readonly string[], room = MOST_TEXT): string {
  let left = room;
  const shown: string[] = [];
  for (const line of log.toReversed()) {
    left -= line.length;
    if (left < 0) break;
    shown.unshift(`\n  ${line}`);
  }
  return shown.length === 0 ? `; the log of ${name} is empty` : `; last lines of the log of ${name}:${shown.join("")}`;
}

function stateOf({ state, message }: ServiceStatus): string {
  return message === undefined ? state : `${state}: ${message}`;
}

// cut, a long line could show a part of a secret that nothing recognises any more
function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map(readableLine)
    .filter(Boolean)
    .map((line) => (line.length > LONGEST_LINE ? `(a line of ${line.length} letters)` : line));
}

async function asking<T>(folder: string, use: (ask: (request: ApiRequest) => Promise<string>) => Promise<T>): Promise<T | undefined> {
  const signal = AbortSignal.timeout(PATIENCE * 1000);
  let connection: ApiConnection | undefined;
  const close = (): void => connection?.close();
  try {
    connection = await connectPort(folder, { signal, seconds: PATIENCE });
    signal.addEventListener("abort", close, { once: true });
    const open = connection;
    return await use(async (request) => {
      const parts: Buffer[] = [];
      const { code, message = "" } = await open.request(request, (_, bytes) => void parts.push(bytes)).outcome;
      if (code !== undefined) throw new Error(message);
      return Buffer.concat(parts).toString("utf8");
    });
  } catch {
    // it only adds to what is told already
    return undefined;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
