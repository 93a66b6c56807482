import type { ServiceCommand } from "../../../sdk/cluster/plugin/member.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { connectPort } from "./api-port.ts";

/** The most bytes that are kept of what a command prints. */
const MOST_KEPT = 16 << 10;

/**
 * Runs a command in a service of a running machine, with the service's user, capabilities and limits.
 *
 * @param folder the machine's
 * @returns its exit status, and the beginning of what it printed
 * @throws NOT_FOUND where the machine has no interface, TIMEOUT where it does not answer, UNSUPPORTED where it refuses the command, and
 * the reason of the signal
 */
export async function runInService(
  folder: string,
  { service, command, signal }: ServiceCommand,
): Promise<{ readonly status: number; readonly printed: string }> {
  const connection = await connectPort(folder, { signal });
  const stop = (): void => connection.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const kept: Buffer[] = [];
    let size = 0;
    const stream = connection.request({ method: "exec", name: service, command }, (_, bytes) => {
      if (size < MOST_KEPT) kept.push(bytes.subarray(0, MOST_KEPT - size));
      size += bytes.length;
    });
    stream.end();
    const { status, code, message = "" } = await stream.outcome;
    if (code !== undefined) throw new LinuxKitError("UNSUPPORTED", `service ${service}: ${message}`, { what: command.join(" ") });
    return { status, printed: Buffer.concat(kept).toString("utf8") };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
