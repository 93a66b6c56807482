import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { withLock } from "../../../sdk/cache/lock.ts";
import { fromFileSystem, LinuxKitError } from "../../../sdk/core/errors.ts";
import { makeFolder } from "../../../sdk/core/make-folder.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import { readHostRecord } from "./host-record.ts";
import { removeEmpty } from "./machine-folder.ts";
import { identify, isAlive, type ProcessId, signalProcess, waitForEnd } from "./process-id.ts";

/** The switch's socket in a network's folder. */
export const SWITCH_SOCKET = "switch";

/** Milliseconds in which a switch answers. */
const START_MS = 20_000;

/** The folder of a network. An id from outside (`pulumi import`) cannot escape the state folder. */
export function networkPath(stateDir: string, id: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `id: got ${JSON.stringify(id)}, wanted the id of a network, such as lan-1f2e3d4c-9a8b7c6d`,
      {
        path: "id",
      },
    );
  return join(stateDir, "networks", id);
}

/** Creates a network's folder, which only this user opens. @throws UNWRITABLE, DISK_FULL */
export async function makeNetworkFolder(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path), 0o700);
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

/** Whether the switch of a network runs. */
export async function switchRuns(path: string): Promise<boolean> {
  const process = await switchOf(path);
  return process !== undefined && (await isAlive(process));
}

/**
 * Starts the switch of a network unless it runs, and waits until it answers. It outlives this process.
 *
 * @throws UNWRITABLE, DISK_FULL, TIMEOUT, CANCELLED
 */
export async function startSwitch(path: string, signal?: AbortSignal): Promise<void> {
  await withLock(
    join(path, "lock"),
    async () => {
      if (await switchRuns(path)) return;
      await using log = await open(join(path, "switch.log"), "w", 0o600);
      const script = fileURLToPath(new URL(`./switch${extname(import.meta.url)}`, import.meta.url));
      const stdio = ["ignore", log.fd, log.fd] as const;
      const child = spawn(process.execPath, [script, SWITCH_SOCKET], { cwd: path, detached: true, stdio: [...stdio] });
      await once(child, "spawn");
      child.unref();
      const started = await identify(child.pid as number);
      if (started) await writeFileWhole(join(path, "switch.json"), [Buffer.from(JSON.stringify(started))], { mode: 0o600 });
      for (const until = performance.now() + START_MS; !(await answers(join(path, SWITCH_SOCKET))); await sleep(20)) {
        signal?.throwIfAborted();
        if (child.exitCode === null && child.signalCode === null && performance.now() < until) continue;
        const waitingFor = "the switch of the network";
        throw new LinuxKitError("TIMEOUT", `${waitingFor} ended or does not answer: ${join(path, "switch.log")}`, {
          seconds: START_MS / 1000,
          waitingFor,
        });
      }
    },
    { ...(signal && { signal }), what: `the switch of ${path}` },
  );
}

/** Ends the switch of a network and removes its folder. */
export async function removeNetworkFolder(path: string, stateDir: string): Promise<void> {
  const process = await switchOf(path);
  if (process) {
    await signalProcess(process, "SIGTERM");
    if (!(await waitForEnd(process, 5000))) await signalProcess(process, "SIGKILL");
  }
  await rm(path, { recursive: true, force: true });
  await removeEmpty(join(stateDir, "networks"), stateDir);
}

async function switchOf(path: string): Promise<ProcessId | undefined> {
  return readHostRecord(
    join(path, "switch.json"),
    async () => (await import("./record-schemas.ts")).processRecord,
    "a switch is damaged: end its process, if it still runs, and remove the file",
  );
}

async function answers(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, "connect");
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
