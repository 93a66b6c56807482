import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { type MachineSpec, qemuArguments, qemuProgram } from "../providers/qemu/plugin/arguments.ts";
import { parseConsoleLine } from "../sdk/guest/console.ts";
import { FLOOR_LINE, floorCommandLine } from "../test/support/floor.ts";
import { freePort } from "../test/support/free-port.ts";

/** When each point was reached, in seconds since QEMU started. */
export interface BootTimes {
  /** The kernel's own clock when the init started, from the guest's console. */
  readonly kernel?: number;
  readonly init?: number;
  readonly healthy?: number;
  /** The first answer on the host's port; of a floor boot, its line on the console. */
  readonly answer: number;
  /** The page that was fetched. */
  readonly page?: string;
}

const LIMIT_SECONDS = 120;

export interface BootRequest {
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
  readonly memoryMiB: number;
  /** File with the nonce for the guest's firmware device. */
  readonly nonceFile: string;
  readonly nonce: string;
  /** Whether it is the floor that boots. */
  readonly floor: boolean;
  /** A page to fetch once the machine is healthy: a path. */
  readonly page?: string;
}

/** Boots once, notes when each point is reached, and ends the machine. */
export async function bootOnce(request: BootRequest): Promise<BootTimes> {
  const hostPort = await freePort();
  const spec: MachineSpec = {
    arch: "amd64",
    accelerator: "tcg",
    name: "bench",
    kernel: request.kernel,
    initrd: request.initrd,
    cmdline: request.floor ? floorCommandLine(request.cmdline) : request.cmdline,
    memoryMiB: request.memoryMiB,
    cpus: 1,
    publish: [{ protocol: "tcp", address: "127.0.0.1", hostPort, guestPort: 80 }],
    disks: [],
    firmware: [{ name: "opt/linuxkit/nonce", file: request.nonceFile }],
  };
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const machine = spawn(qemuProgram("amd64").binary, qemuArguments(spec), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<never>((_, reject) =>
    machine.once("exit", (code) => reject(new Error(`QEMU ended with ${code}:\n${lines.slice(-15).join("\n")}`))),
  );
  ended.catch(() => {});
  const lines: string[] = [];
  const seen: { kernel?: number; init?: number; healthy?: number; floor?: number } = {};
  let rest = "";
  machine.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("latin1")).split("\n");
    rest = parts.pop() as string;
    for (const line of parts) {
      lines.push(line);
      if (line.includes(FLOOR_LINE)) seen.floor ??= since();
      const stage = parseConsoleLine(line.trimEnd(), request.nonce)?.stage;
      if (stage === "kernel" || stage === "init" || stage === "healthy") seen[stage] ??= since();
    }
  });
  try {
    const answer = request.floor
      ? await Promise.race([until(() => seen.floor, since), ended])
      : await Promise.race([firstAnswer(hostPort, since), ended]);
    if (!request.floor) await Promise.race([until(() => seen.healthy, since), ended]);
    const { floor: _, ...stages } = seen;
    const page = request.page === undefined ? undefined : await fetchPage(`http://127.0.0.1:${hostPort}${request.page}`, since);
    return { ...stages, answer, ...(page !== undefined && { page }) };
  } finally {
    machine.removeAllListeners("exit");
    machine.kill("SIGKILL");
  }
}

async function until(value: () => number | undefined, since: () => number): Promise<number> {
  for (;;) {
    const found = value();
    if (found !== undefined) return found;
    if (since() > LIMIT_SECONDS) throw new Error(`not reached in ${LIMIT_SECONDS} s`);
    await pause(5);
  }
}

const BETWEEN_REQUESTS = 50;

// Requests overlap: one that QEMU's user network takes before the guest has an address hangs, and the next does not wait for it.
async function firstAnswer(port: number, since: () => number): Promise<number> {
  const over = new AbortController();
  let answered: number | undefined;
  const asking: Promise<void>[] = [];
  while (answered === undefined && since() <= LIMIT_SECONDS) {
    const request = fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.any([over.signal, AbortSignal.timeout(5000)]) }).then(
      (response) => {
        if (response.ok) answered ??= since();
      },
      () => {},
    );
    asking.push(request);
    await Promise.race([request, pause(BETWEEN_REQUESTS)]);
    // a refused connection comes back at once
    await pause(5);
  }
  over.abort();
  await Promise.all(asking);
  if (answered === undefined) throw new Error(`no answer in ${LIMIT_SECONDS} s`);
  return answered;
}

// the service that writes the page may start after the one that serves it
async function fetchPage(url: string, since: () => number): Promise<string> {
  for (;;) {
    const text = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      (response) => (response.ok ? response.text() : ""),
      () => "",
    );
    if (text !== "") return text;
    if (since() > LIMIT_SECONDS) throw new Error(`${url} had no content in ${LIMIT_SECONDS} s`);
    await pause(200);
  }
}
