import { printable } from "../core/printable.ts";
import type { ProgressSink } from "./progress-line.ts";
import type { Protos } from "./protos.ts";

/** How long one message to the engine may take, in milliseconds; it is on the same machine. */
const LOG_DEADLINE_MS = 2000;

/** The subset of the engine's interface that is used here: lines on resources, and whether it still responds. */
export interface Engine {
  /** Where the progress of one resource goes. */
  sink(urn: string): ProgressSink;
  /** Shows a warning on a resource. */
  warn(urn: string, line: string): void;
  /** Resolves when every line so far has reached the engine, which shows a resource's lines before its result. */
  flushed(): Promise<void>;
  /** The engine no longer responds, so no more requests will come. */
  isGone(): boolean;
  close(): void;
}

/** Connects to the engine at `address`, `127.0.0.1:PORT`. A line that does not reach it is dropped silently. */
export function connectEngine(protos: Protos, address: string): Engine {
  const { LogRequest, LogSeverity } = protos.engine;
  const client = new protos.engineService.EngineClient(address, protos.grpc.credentials.createInsecure());
  let sent: Promise<void> = Promise.resolve();

  const log = (urn: string, message: string, ephemeral: boolean, severity: number = LogSeverity.INFO): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(printable(message));
    request.setEphemeral(ephemeral);
    // one at a time: the engine shows lines in the order of arrival
    sent = sent.then(
      () =>
        new Promise(
          (resolve) => void client.log(request, new protos.grpc.Metadata(), { deadline: Date.now() + LOG_DEADLINE_MS }, () => resolve()),
        ),
    );
  };
  return {
    sink: (urn) => ({ show: (line) => log(urn, line, true), keep: (line) => log(urn, line, false) }),
    warn: (urn, line) => log(urn, line, false, LogSeverity.WARNING),
    flushed: () => sent,
    isGone: () => client.getChannel().getConnectivityState(true) === protos.grpc.connectivityState.TRANSIENT_FAILURE,
    close: () => client.close(),
  };
}
