import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { LinuxKitError } from "../core/errors.ts";
import { ApiConnection } from "./connection.ts";
import { type ClientKeys, MACHINE_NAME } from "./keys.ts";

/** Where a machine's interface answers. */
export interface MachineAddress {
  readonly host: string;
  readonly port: number;
  readonly keys: ClientKeys;
}

/**
 * Connects to a machine over TLS 1.3, with certificates on both sides.
 *
 * @throws ACCESS_DENIED when one side does not accept the other's certificate, NETWORK, TIMEOUT, CANCELLED
 */
export async function connectTls(
  { host, port, keys }: MachineAddress,
  { signal, seconds = 15 }: { readonly signal: AbortSignal; readonly seconds?: number },
): Promise<ApiConnection> {
  const url = `tls://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const late = AbortSignal.timeout(seconds * 1000);
  const stop = AbortSignal.any([signal, late]);
  let socket: TLSSocket | undefined;
  let shaken = false;
  try {
    socket = connect({ host, port, ca: keys.ca, cert: keys.certificate, key: keys.key, servername: MACHINE_NAME, minVersion: "TLSv1.3" });
    await once(socket, "secureConnect", { signal: stop });
    shaken = true;
    // in TLS 1.3 a client learns only after this that its certificate is refused
    return await ApiConnection.open(socket, stop);
  } catch (error) {
    socket?.on("error", () => {}).destroy();
    if (signal.aborted) throw new LinuxKitError("CANCELLED", `${url}: the connection was cancelled`, { what: url });
    if (late.aborted)
      throw new LinuxKitError("TIMEOUT", `${url}: the machine did not answer within ${seconds} s: check address, port and firewall`, {
        seconds,
        waitingFor: url,
      });
    const { syscall, message } = error as NodeJS.ErrnoException;
    // what no system call has reported is TLS's; a machine that has greeted nobody yet has not let this client in
    if (shaken || syscall === undefined)
      throw new LinuxKitError(
        "ACCESS_DENIED",
        `${url}: a certificate was refused (${message}): use the keys that were made with this machine, and make new ones where they have expired`,
        { url, status: 403 },
        { cause: error },
      );
    throw new LinuxKitError("NETWORK", `${url}: cannot connect: ${message}`, { url }, { cause: error });
  }
}
