import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";

/** The longest operation of a test, in milliseconds. A longer one is killed with all of its children. */
const LONGEST_MS = 240_000;

/** One event of the engine's event log, with the fields that tests read. */
export interface EngineEvent {
  /** Whole seconds since 1970. */
  readonly timestamp: number;
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string; readonly ephemeral?: boolean };
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata };
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
}

/** One step, from the engine's event log. */
export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string; readonly inputDiff: boolean }>> | null;
}

/** The outcome of an operation. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** Both streams, in order of arrival. */
  readonly text: string;
  /** Empty for commands that are not operations. */
  readonly events: readonly EngineEvent[];
  /** The announced steps, without those of the stack and its providers. */
  readonly steps: readonly StepMetadata[];
  /** The lines about resources, by severity. */
  lines(kind: "ephemeral" | "kept"): string[];
}

/** A running operation. */
export interface Operation {
  readonly pid: number;
  /** Sends what Ctrl-C in a terminal sends, to every process that it would reach. */
  interrupt(): void;
  /** Resolves once the output matches; rejects when the operation ends before. */
  printed(pattern: RegExp): Promise<void>;
  readonly outcome: Promise<Outcome>;
}

/** Runs a command of the engine in a process group of its own. */
export function startOperation(
  args: readonly string[],
  {
    cwd,
    env,
    eventLog,
    longestMs = LONGEST_MS,
  }: { cwd: string; env: NodeJS.ProcessEnv; eventLog?: string | undefined; longestMs?: number | undefined },
): Operation {
  const all = [...args, "--non-interactive", ...(eventLog ? ["--event-log", eventLog] : [])];
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn("pulumi", all, {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const pid = child.pid as number;
  let [text, stdout] = ["", ""];
  const heard: (() => void)[] = [];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    text += chunk;
    for (const listen of heard) listen();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (const listen of heard) listen();
  });
  const timer = setTimeout(() => endGroup(pid, "SIGKILL"), longestMs);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => clearTimeout(timer));
  return {
    pid,
    interrupt: () => endGroup(pid, "SIGINT"),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const listen = (): void => void (pattern.test(text) && resolve());
        heard.push(listen);
        listen();
        void closed.then(() => reject(new Error(`ended without ${pattern}:\n${text}`)), reject);
      }),
    outcome: closed.then(async (status) => outcomeOf(status, stdout, text, eventLog ? await readEvents(eventLog) : [])),
  };
}

/** Signals a process group, which may have ended. */
export function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}

function outcomeOf(status: number | null, stdout: string, text: string, events: readonly EngineEvent[]): Outcome {
  const steps = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  return {
    status,
    stdout,
    text,
    events,
    steps: steps.filter(({ type }) => !type.startsWith("pulumi:")),
    lines: (kind) =>
      events.flatMap(({ diagnosticEvent: line }) =>
        line?.urn && line.severity !== "error" && (line.ephemeral ?? false) === (kind === "ephemeral") ? [plain(line.message)] : [],
      ),
  };
}

/** Removes the engine's colour codes. */
function plain(message: string): string {
  return message.replace(/<\{%.*?%\}>/g, "").trimEnd();
}

async function readEvents(path: string): Promise<EngineEvent[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as EngineEvent);
}
