import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { ApiConnection } from "../../../sdk/api/connection.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { shortAddress } from "./socket-address.ts";

/**
 * The ports of a machine's interface: each takes one client at a time, and QEMU lets the others wait. The guest's side is
 * `sdk/guest/linuxkitd/internal/api/port.go`.
 */
export const API_PORTS = 3;

/** The name of a port in the guest. */
export const apiPortName = (index: number): string => `pulumi-linuxkit.api.${index}`;

/** The name of a port's socket in the machine's folder. */
export const apiSocket = (index: number): string => `api.${index}.sock`;

/** The devices of QEMU's command line: a controller with its ports, whose sockets QEMU makes in its working folder. */
export function apiPortArguments(bus: "pci" | "ccw"): string[] {
  const ports = Array.from({ length: API_PORTS }, (_, index) => [
    "-chardev",
    `socket,id=api${index},path=${apiSocket(index)},server=on,wait=off`,
    "-device",
    `virtserialport,bus=api.0,chardev=api${index},name=${apiPortName(index)}`,
  ]);
  // the first number of a port belongs to a console, which this controller does not have
  return ["-device", `virtio-serial-${bus},id=api,max_ports=${API_PORTS + 1}`, ...ports.flat()];
}

/** How long a port that is in use is waited for before the next one is tried as well. */
const STAGGER_MS = 400;

/**
 * Connects to a running machine. The first of its ports that answers is used.
 *
 * @param folder the machine's
 * @throws NOT_FOUND when its QEMU has no such port, TIMEOUT when no port answers, CANCELLED
 */
export async function connectPort(
  folder: string,
  { signal, seconds = 10 }: { readonly signal: AbortSignal; readonly seconds?: number },
): Promise<ApiConnection> {
  const late = AbortSignal.timeout(seconds * 1000);
  const found = new AbortController();
  const stop = AbortSignal.any([signal, late, found.signal]);
  const attempts = Array.from({ length: API_PORTS }, async (_, index) => {
    await pause(index * STAGGER_MS, undefined, { signal: stop });
    return tryPort(folder, index, stop, late);
  });
  try {
    const connection = await Promise.any(attempts);
    // a later one that answers too is not needed
    for (const attempt of attempts) attempt.then((other) => other !== connection && other.close()).catch(() => {});
    return connection;
  } catch (error) {
    if (signal.aborted) throw new LinuxKitError("CANCELLED", "the request to the machine was cancelled", { what: folder });
    const errors = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : [];
    if (errors.some(({ code }) => code === "ENOENT" || code === "ECONNREFUSED"))
      throw new LinuxKitError(
        "NOT_FOUND",
        `${folder}: the machine has no interface to connect to: it has ended, or an older release started it; start it again with pulumi up`,
        { what: folder },
        { cause: error },
      );
    throw new LinuxKitError(
      "TIMEOUT",
      `${folder}: the machine did not answer within ${seconds} s: all ${API_PORTS} connections are in use, it has just begun to boot, or it has another init`,
      { seconds, waitingFor: "the machine's interface" },
      { cause: error },
    );
  } finally {
    found.abort();
  }
}

/** How long a port is waited for at first, and the longest pause between two attempts. */
const FIRST_WAIT_MS = 1000;
const LONGEST_PAUSE_MS = 1000;

/**
 * One port. A connection that an earlier client's end has cut is tried again, and so is one on which nothing is heard: where the
 * guest has not seen the end of the earlier client, it takes the greeting for a part of what that one said, and waits for its end.
 * Each attempt waits three times as long as the one before, for a guest that is slow.
 */
async function tryPort(folder: string, index: number, stop: AbortSignal, late: AbortSignal): Promise<ApiConnection> {
  for (let tries = 0; ; tries++) {
    const unheard = AbortSignal.timeout(FIRST_WAIT_MS * 3 ** tries);
    try {
      return await ApiConnection.open(await open(folder, index), AbortSignal.any([stop, unheard]));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const mayPass = unheard.aborted || code === undefined || code === "ECONNRESET" || code === "EAGAIN" || code === "EPIPE";
      if (stop.aborted || late.aborted || !mayPass) throw error;
      await pause(Math.min(100 * 2 ** tries, LONGEST_PAUSE_MS), undefined, { signal: stop });
    }
  }
}

async function open(folder: string, index: number): Promise<Socket> {
  await using address = await shortAddress(folder, apiSocket(index));
  const socket = connect(address.path);
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.removeAllListeners("error");
  return socket;
}
