import { setTimeout as sleep } from "node:timers/promises";
import { connectEngine } from "./engine.ts";
import type { Exchange } from "./exchange.ts";
import { mayAsk } from "./peer.ts";
import { loadProtos } from "./protos.ts";
import type { Provider } from "./provider.ts";
import { secretTexts } from "./secret-texts.ts";
import { resourceProviderService } from "./server.ts";
import { WorkInFlight } from "./work-in-flight.ts";

/** The engine's own limit, in bytes: a definition with many small files stays far below. */
const LARGEST_MESSAGE = 400 << 20;

/** Milliseconds between two checks of the engine, and how many failed checks in a row end the plugin. */
const ENGINE_WATCH = { everyMs: 1000, misses: 3 };

/** How long operations may clean up after a signal, in milliseconds; the engine kills the plugin five seconds after it. */
const GRACE_MS = 4000;

/** A server that runs. */
export interface Serving {
  readonly port: number;
  /** Cancels the operations in progress, waits a little for their ends, then stops listening. */
  stop(): Promise<void>;
}

/** The engine's address out of a plugin's arguments: the first that is not an option (`--logtostderr`, `-v=3`, `--tracing URL`). */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.find((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--tracing" && args[index - 1] !== "-tracing");
}

/** Whom a server answers: a process above its own, any of its user, or every one on the host. See {@link mayAsk}. */
export type Callers = "above" | "user" | "host";

/**
 * Serves a provider on a free port of the loopback interface. Without an engine's address it waits for `Attach`.
 *
 * @param callers whom it answers. @default "host"
 */
export async function startServer(
  provider: Provider,
  address?: string,
  callers: Callers = "host",
): Promise<Serving & { readonly exchange: Exchange }> {
  const protos = loadProtos();
  const engine = address === undefined ? undefined : connectEngine(protos, address);
  const exchange: Exchange = {
    protos,
    provider,
    inFlight: new WorkInFlight(),
    engine,
    config: {},
    secrets: secretTexts(),
    // the port is known once it listens, which is before the first call
    ...(callers !== "host" && { mayAsk: (peer: string) => mayAsk(peer, port, callers === "user") }),
  };
  const server = new protos.grpc.Server({
    "grpc.max_receive_message_length": LARGEST_MESSAGE,
    "grpc.max_send_message_length": LARGEST_MESSAGE,
  });
  server.addService(protos.providerService.ResourceProviderService, resourceProviderService(exchange));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", protos.grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    exchange,
    async stop() {
      exchange.inFlight.cancel();
      for (const end = Date.now() + GRACE_MS; exchange.inFlight.size > 0 && Date.now() < end; ) await sleep(20);
      exchange.engine?.close();
      server.forceShutdown();
    },
  };
}

/**
 * The whole of a plugin's `main`: serves, prints the port as the first line of stdout, as the engine expects it, and
 * stays until it receives a signal or its engine is gone.
 */
export async function servePlugin(provider: Provider, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const { port, stop, exchange } = await startServer(provider, engineAddress(args), process.env.PULUMI_LINUXKIT_ATTACH ? "user" : "above");
  const exit = (code: number): void => {
    void stop().finally(() => process.exit(code));
  };
  process.once("SIGINT", () => exit(130));
  process.once("SIGTERM", () => exit(143));
  let misses = 0;
  setInterval(() => {
    // a killed engine sends no signal: its requests would continue although no engine waits for them
    misses = exchange.engine?.isGone() ? misses + 1 : 0;
    if (misses === ENGINE_WATCH.misses) exit(1);
  }, ENGINE_WATCH.everyMs).unref();
  process.stdout.write(`${port}\n`);
}
