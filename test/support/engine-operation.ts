import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";

/** No operation of a test takes longer, in milliseconds; it is then ended with all of its children. */
const LONGEST_MS = 240_000;

/** One event of the engine's own event log, as far as tests read it. */
export interface EngineEvent {
  /** Milliseconds are not in it: seconds since 1970. */
  readonly timestamp: number;
  readonly diagnosticEvent?: { readonly urn?: string; readonly message: string; readonly severity: string; readonly ephemeral?: boolean };
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata };
  readonly summaryEvent?: { readonly resourceChanges: Readonly<Record<string, number>> };
}

/** What the engine says of one step. */
export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string; readonly inputDiff: boolean }>> | null;
}

/** How an operation went. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  /** Both streams, in the order in which they came. */
  readonly text: string;
  /** Empty for commands that are no operations. */
  readonly events: readonly EngineEvent[];
  /** The steps that the engine announced, without the stack's and its providers' own. */
  readonly steps: readonly StepMetadata[];
  /** The lines on a resource, by how they were shown. */
  lines(kind: "ephemeral" | "kept"): string[];
}

/** An operation under way. */
export interface Operation {
  readonly pid: number;
  /** Sends what Ctrl-C in a terminal sends, to all that it would reach. */
  interrupt(): void;
  /** Resolves once what was printed matches; rejects when the operation ends without that. */
  printed(pattern: RegExp): Promise<void>;
  readonly outcome: Promise<Outcome>;
}

/** Runs a command of the engine in a process group of its own. */
export function startOperation(
  args: readonly string[],
  { cwd, env, eventLog }: { cwd: string; env: NodeJS.ProcessEnv; eventLog?: string | undefined },
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
  const timer = setTimeout(() => endGroup(pid, "SIGKILL"), LONGEST_MS);
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

/** Signals a process group; one that has ended is none. */
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

/** Without the engine's marks for colours. */
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
