import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { MachineStatus } from "../../sdk/api/request.ts";
import { eventually } from "../../test/support/until.ts";
import { checkKeptFree } from "./kept-free.ts";

const COMMAND = fileURLToPath(new URL("../../bin/pulumi-linuxkit", import.meta.url));
/** Services whose image has BusyBox. */
const WITH_BUSYBOX = ["web", "etcd"];

/** Checks what the kernel of a machine keeps free, if one of its services can read it. */
export async function checkMachine(id: string, { services }: MachineStatus, stateDir: string, signal: AbortSignal): Promise<void> {
  const service = services.find(({ name }) => WITH_BUSYBOX.includes(name));
  if (service) checkKeptFree(id, await command(stateDir, signal, "exec", id, service.name, "busybox", "cat", "/proc/zoneinfo"));
}

/** What a machine says of itself once it is healthy, by `pulumi-linuxkit status --json`. */
export async function healthyStatus(id: string, stateDir: string, signal: AbortSignal): Promise<MachineStatus> {
  let status: MachineStatus | undefined;
  const look = async (): Promise<boolean> => {
    status = JSON.parse(await command(stateDir, signal, "status", id, "--json")) as MachineStatus;
    return status.healthy;
  };
  await eventually(`${id} is healthy`, look, { seconds: 600, signal });
  return status as MachineStatus;
}

/** Runs `pulumi-linuxkit`, as a user of the machines does. */
async function command(stateDir: string, signal: AbortSignal, ...args: string[]): Promise<string> {
  const env = { ...process.env, PULUMI_LINUXKIT_STATE: stateDir };
  return (await promisify(execFile)(process.execPath, [COMMAND, ...args], { timeout: 60_000, signal, env })).stdout;
}
