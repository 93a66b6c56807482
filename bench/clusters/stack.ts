import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listMachineFolders, type MachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { networkPath, removeNetworkFolder } from "../../providers/qemu/plugin/network-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import type { StackResource } from "../../sdk/cli/stack-machines.ts";
import { makeStack } from "../../test/support/engine.ts";
import { endGroup } from "../../test/support/engine-operation.ts";

const PROJECT = fileURLToPath(new URL("./project/", import.meta.url));
const LONGEST_MS = 100 * 60_000;
/** What an operation may take to its end when it is interrupted. */
const INTERRUPTED_MS = 30_000;

/** A stack of the project whose machines are measured. With it end its machines and networks, in whatever state they are. */
export interface MachineStack extends AsyncDisposable {
  readonly stateDir: string;
  /** Its machines. */
  machines(): Promise<readonly MachineFolder[]>;
  configure(key: string, value: string): Promise<void>;
  up(): Promise<void>;
  outputs<T>(): Promise<T>;
  resources(): Promise<readonly StackResource[]>;
}

/** Makes a stack below a folder. An abort of the signal interrupts its operation. */
export async function openStack(folder: string, config: Readonly<Record<string, string>>, signal: AbortSignal): Promise<MachineStack> {
  signal.throwIfAborted();
  const stateDir = join(folder, "state");
  const stack = await makeStack({
    folder: PROJECT,
    files: { "package.json": JSON.stringify({ name: "clusters", private: true, type: "module", main: "index.ts" }) },
    config: Object.fromEntries(Object.entries(config).map(([key, value]) => [`clusters:${key}`, value])),
    env: { PULUMI_LINUXKIT_STATE: stateDir },
    longestMs: LONGEST_MS,
  });
  const operate = async (...args: string[]): Promise<string> => {
    signal.throwIfAborted();
    const operation = stack.start(...args);
    let late: NodeJS.Timeout | undefined;
    const stop = (): void => {
      operation.interrupt();
      late = setTimeout(() => endGroup(operation.pid, "SIGKILL"), INTERRUPTED_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      const { status, stdout, text } = await operation.outcome;
      signal.throwIfAborted();
      if (status !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${status}\n${text.slice(-4000)}`);
      return stdout;
    } finally {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
    }
  };
  return {
    stateDir,
    machines: () => listMachineFolders(stateDir),
    configure: async (key, value) => void (await operate("config", "set", `clusters:${key}`, value)),
    up: async () => void (await operate("up", "--yes", "--skip-preview")),
    outputs: async <T>() => JSON.parse(await operate("stack", "output", "--json", "--show-secrets")) as T,
    resources: async () =>
      (JSON.parse(await operate("stack", "export")) as { deployment: { resources: StackResource[] } }).deployment.resources,
    async [Symbol.asyncDispose]() {
      // first what still starts machines
      await stack[Symbol.asyncDispose]();
      await endMachines(stateDir);
    },
  };
}

/** Ends all that runs in a state folder, whether it was recorded or not. */
export async function endMachines(stateDir: string): Promise<void> {
  for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
  for (const id of await readdir(join(stateDir, "networks")).catch(() => []))
    await removeNetworkFolder(networkPath(stateDir, id), stateDir);
  // a machine whose maker was killed before it wrote which process that is: it runs in its folder
  for (const name of await readdir("/proc")) {
    const place = /^\d+$/.test(name) ? await readlink(`/proc/${name}/cwd`).catch(() => "") : "";
    if (place.startsWith(`${stateDir}/`)) process.kill(Number(name), "SIGKILL");
  }
}
