import { setTimeout as sleep } from "node:timers/promises";
import { connectEngine } from "./engine.ts";
import type { Exchange } from "./exchange.ts";
import { loadProtos } from "./protos.ts";
import type { Provider } from "./provider.ts";
import { resourceProviderService } from "./server.ts";
import { WorkInFlight } from "./work-in-flight.ts";

/** The engine's own bound: a definition with many small files stays far below. In bytes. */
const LARGEST_MESSAGE = 400 << 20;

/** How often to look for the engine, and after how many misses in a row the plugin exits. */
const ENGINE_WATCH = { everyMs: 1000, misses: 3 };

/** How long work may clean up after a signal, in milliseconds; the engine kills the plugin after five seconds. */
const GRACE_MS = 4000;

/** A server that runs. */
export interface Serving {
  readonly port: number;
  /** Cancels what is in flight, waits for it a little, then stops listening. */
  stop(): Promise<void>;
}

/** The engine's address out of a plugin's arguments: the first that is no option (`--logtostderr`, `-v=3`, `--tracing URL`). */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.find((arg, index) => !arg.startsWith("-") && args[index - 1] !== "--tracing" && args[index - 1] !== "-tracing");
}

/** Serves a provider on a free port of the loopback interface. Without an engine's address it waits for `Attach`. */
export async function startServer(provider: Provider, address?: string): Promise<Serving & { readonly exchange: Exchange }> {
  const protos = loadProtos();
  const engine = address === undefined ? undefined : connectEngine(protos, address);
  const exchange: Exchange = { protos, provider, inFlight: new WorkInFlight(), engine, config: {} };
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
 * A plugin's `main`: serves, prints the port as the first line of stdout, as the engine expects it, and runs until it
 * gets a signal or its engine is gone.
 */
export async function servePlugin(provider: Provider, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const { port, stop, exchange } = await startServer(provider, engineAddress(args));
  const exit = (code: number): void => {
    void stop().finally(() => process.exit(code));
  };
  process.once("SIGINT", () => exit(130));
  process.once("SIGTERM", () => exit(143));
  let misses = 0;
  setInterval(() => {
    // a killed engine sends no signal: the work that it asked for would go on without a use
    misses = exchange.engine?.isGone() ? misses + 1 : 0;
    if (misses === ENGINE_WATCH.misses) exit(1);
  }, ENGINE_WATCH.everyMs).unref();
  process.stdout.write(`${port}\n`);
}
