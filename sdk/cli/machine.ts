import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { connectPort } from "../../providers/qemu/plugin/api-port.ts";
import { defaultHostFolders } from "../../providers/qemu/plugin/host-folders.ts";
import type { ApiConnection } from "../api/connection.ts";
import type { ApiOutcome, ApiRequest } from "../api/request.ts";
import type { OnOutput } from "../api/stream.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { ClientKeys } from "../api/keys.ts";
import { connectTls } from "../api/tls-connection.ts";
import { type Terminal, UsageError } from "./command.ts";
import { chosen } from "./local-machine.ts";
import { readText } from "./text-file.ts";

/** Options of every command that asks a machine, for `parseArgs`. */
export const MACHINE_OPTIONS = {
  json: { type: "boolean", default: false },
  address: { type: "string" },
  keys: { type: "string" },
} as const;

/** Those options, as `--help` shows them. */
export const MACHINE_HELP = `  --address HOST:PORT, --keys FILE
                    instead of MACHINE: where its \`api\` answers, and the file with
                    the output \`reader\` or \`administrator\` of its ApiKeys
  --json            print JSON`;

/** What was typed to name a machine. */
export interface MachineChoice {
  /** The words besides the options. The first names a local machine. */
  readonly positionals: readonly string[];
  readonly address?: string | undefined;
  readonly keys?: string | undefined;
}

/** A connection to the machine that was named, and the words after its name. */
export interface Asked extends Disposable {
  readonly connection: ApiConnection;
  readonly rest: readonly string[];
}

/** Connects to the machine that was named. @throws UsageError, NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED */
export async function askMachine({ positionals, address, keys }: MachineChoice, terminal: Terminal): Promise<Asked> {
  if ((address === undefined) !== (keys === undefined))
    throw new UsageError(`--${address === undefined ? "address" : "keys"} is missing: --address and --keys go together`);
  if (address !== undefined && keys !== undefined) {
    const connection = await connectTls({ ...addressOf(address), keys: await readKeys(keys) }, { signal: terminal.signal });
    return { connection, rest: positionals, [Symbol.dispose]: () => connection.close() };
  }
  const [name, ...rest] = positionals;
  const machines = await listMachineFolders(defaultHostFolders().stateDir);
  if (name === undefined) {
    const known = machines.map(({ id, record }) => record?.urn.split("::").at(-1) ?? id).join(", ");
    throw new UsageError(`wanted a machine${known && ` of this host (${known})`}, or --address and --keys`);
  }
  const folder = chosen(machines, name);
  const connection = await connectPort(folder.path, { signal: terminal.signal });
  return { connection, rest, [Symbol.dispose]: () => connection.close() };
}

/**
 * Carries out one request to its end. An interrupted one ends without an error.
 *
 * @throws NOT_FOUND, INVALID_DEFINITION, ACCESS_DENIED or UNSUPPORTED, as the machine says; NETWORK when the connection is lost
 */
export async function carryOut(connection: ApiConnection, request: ApiRequest, terminal: Terminal, onOutput: OnOutput): Promise<void> {
  const stream = connection.request(request, onOutput);
  const stop = (): void => stream.cancel();
  terminal.signal.addEventListener("abort", stop, { once: true });
  try {
    const outcome = await finished(stream.outcome);
    if (!terminal.signal.aborted) refuse(outcome);
  } finally {
    terminal.signal.removeEventListener("abort", stop);
  }
}

/** The end of a request. @throws NETWORK when the connection is lost */
export async function finished(outcome: Promise<ApiOutcome>): Promise<ApiOutcome> {
  return outcome.catch((cause: Error) => {
    if (cause instanceof LinuxKitError) throw cause;
    throw new LinuxKitError("NETWORK", `the connection to the machine was lost: ${cause.message}`, { url: "machine" }, { cause });
  });
}

/** Throws what kept the machine from carrying out a request. */
export function refuse({ code, message = "" }: ApiOutcome): void {
  switch (code) {
    case undefined:
      return;
    case "refused":
      throw new LinuxKitError("ACCESS_DENIED", message, { url: "machine", status: 403 });
    case "not-found":
      throw new LinuxKitError("NOT_FOUND", message, { what: message });
    case "invalid":
      throw new LinuxKitError("INVALID_DEFINITION", message, { path: "request" });
    default:
      throw new LinuxKitError("UNSUPPORTED", `${message}${remedyOf(message)}`, { what: code });
  }
}

/** What to do where a runtime finds no program; crun quotes its name within these words, runc before them. */
function remedyOf(message: string): string {
  return /executable file .*not found in \$PATH/.test(message)
    ? "; the image of the service has no such program: add its package to it"
    : "";
}

/** The whole answer to a request, as text. */
export async function answerTo(connection: ApiConnection, request: ApiRequest, terminal: Terminal): Promise<string> {
  const parts: Buffer[] = [];
  await carryOut(connection, request, terminal, (_, bytes) => {
    parts.push(bytes);
  });
  if (terminal.signal.aborted) throw new LinuxKitError("CANCELLED", "the request to the machine was cancelled", { what: request.method });
  return Buffer.concat(parts).toString("utf8");
}

/** Returns what receives bytes and calls `print` with each line, and what prints the last one if it has no end. */
export function lineReader(print: (line: string) => void): { readonly onOutput: OnOutput; readonly end: () => void } {
  let rest: Buffer = Buffer.alloc(0);
  return {
    onOutput(_, bytes) {
      rest = Buffer.concat([rest, bytes]);
      // a line without end is shown in pieces
      for (let end = rest.indexOf(10); end >= 0 || rest.length > MOST_LINE; end = rest.indexOf(10)) {
        const length = end < 0 ? MOST_LINE : end;
        print(rest.subarray(0, length).toString("utf8"));
        rest = rest.subarray(end < 0 ? length : length + 1);
      }
    },
    end() {
      if (rest.length > 0) print(rest.toString("utf8"));
    },
  };
}

const MOST_LINE = 64 << 10;

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65535))
    throw new UsageError(`--address: got "${text}", wanted HOST:PORT, such as 203.0.113.7:8443 or [2001:db8::7]:8443`);
  return { host, port };
}

async function readKeys(file: string): Promise<ClientKeys> {
  const text = await readText(file);
  let read: Partial<ClientKeys> = {};
  try {
    read = JSON.parse(text) as Partial<ClientKeys>;
  } catch {
    // below: nothing of a file of keys is shown
  }
  const { ca, certificate, key } = read;
  if (typeof ca !== "string" || typeof certificate !== "string" || typeof key !== "string")
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${file}: got no keys, wanted JSON with ca, certificate and key: pulumi stack output NAME --show-secrets writes it`,
      { path: file },
    );
  return { ca, certificate, key };
}
