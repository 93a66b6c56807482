import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { LinuxKitError } from "../core/errors.ts";
import type { Engine } from "./engine.ts";
import { failureStatus, type unreadyStatus } from "./failure.ts";
import { progressInterval, progressLine } from "./progress-line.ts";
import type { Protos } from "./protos.ts";
import type { AnyResourceType, Provider } from "./provider.ts";
import type { PreviewRequest, Subject, Work } from "./resource-type.ts";
import type { Secrecy } from "./secrecy.ts";
import type { SecretTexts } from "./secret-texts.ts";
import type { Properties } from "./value.ts";
import type { WorkInFlight } from "./work-in-flight.ts";

/** Default timeout of an operation when neither the program nor its type sets one, in seconds. */
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** Time of a preview, in seconds: it may look for newer versions. */
const PREVIEW_SECONDS = 600;

/** What all methods of the server share. */
export interface Exchange {
  readonly protos: Protos;
  readonly provider: Provider;
  readonly inFlight: WorkInFlight;
  /** Whether the process at the other end of a connection may ask for work. @default every one */
  readonly mayAsk?: ((peer: string) => Promise<boolean>) | undefined;
  /** From the command line, else it comes with `Attach` or `Handshake`. */
  engine: Engine | undefined;
  /** From `Configure`. */
  config: Properties;
  /** Of all requests so far. */
  readonly secrets: SecretTexts;
}

/** A failed status that is ready to be sent. */
export class FailedStatus {
  readonly status: ReturnType<typeof unreadyStatus>;

  constructor(status: ReturnType<typeof unreadyStatus>) {
    this.status = status;
  }
}

/**
 * Makes a gRPC method out of a function: what it throws becomes the status that the engine prints.
 *
 * @param handle given the request, and a signal that is aborted when the engine drops it: nobody would store its result
 */
export function method<Request, Response>(
  { protos, secrets }: Exchange,
  handle: (request: Request, dropped: AbortSignal) => Promise<Response>,
) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    const dropped = new AbortController();
    call.on("cancelled", () => {
      dropped.abort(new LinuxKitError("CANCELLED", "the engine has ended before the operation", { what: "the operation" }));
    });
    handle(call.request, dropped.signal).then(
      (response) => callback(null, response),
      (error: unknown) => callback(error instanceof FailedStatus ? error.status : failureStatus(protos, error, secrets.hide)),
    );
  };
}

/** Runs an operation on a resource; the message of an error holds no secret. */
export async function guarded<T>({ protos }: Exchange, secrecy: Secrecy, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new FailedStatus(failureStatus(protos, error, secrecy.redact));
  }
}

/** Previews an operation on a resource. What it explains has arrived at the engine before the result does. */
export async function previewed<T>(
  exchange: Exchange,
  request: { getUrn(): string },
  secrecy: Secrecy,
  dropped: AbortSignal,
  act: (around: Required<Pick<PreviewRequest<object, object>, "explain" | "warn" | "isSecret" | "config" | "signal">>) => T | Promise<T>,
): Promise<T> {
  const { engine, inFlight, config } = exchange;
  const sink = engine?.sink(request.getUrn());
  const explain = (text: string): void => {
    const shown = secrecy.redact(text);
    sink?.keep(shown);
    sink?.show(shown.split("\n", 1)[0] ?? "");
  };
  const warn = (line: string): void => engine?.warn(request.getUrn(), secrecy.redact(line));
  const result = await guarded(exchange, secrecy, () =>
    inFlight.run(
      `previewing ${subjectOf(request).name}`,
      PREVIEW_SECONDS,
      async (signal) => act({ explain, warn, isSecret: secrecy.isSecret, config, signal }),
      dropped,
    ),
  );
  await engine?.flushed();
  return result;
}

/** What a request says of its resource and of the time it has. */
interface WorkRequest {
  getUrn(): string;
  getTimeout(): number;
}

/** Does work on a resource: bounded in time, cancellable, with progress on the resource's own line. */
export function worked<T>(
  exchange: Exchange,
  request: WorkRequest,
  type: AnyResourceType,
  secrecy: Secrecy,
  verb: string,
  dropped: AbortSignal,
  act: (work: Work) => Promise<T>,
): Promise<T> {
  const { engine, inFlight, config } = exchange;
  const subject = subjectOf(request);
  const sink = engine?.sink(subject.urn);
  const line = progressLine(
    { show: (text) => sink?.show(secrecy.redact(text)), keep: (text) => sink?.keep(secrecy.redact(text)) },
    progressInterval(),
  );
  const timeoutSeconds = request.getTimeout() || type.timeoutSeconds || DEFAULT_TIMEOUT_SECONDS;
  return guarded(exchange, secrecy, async () => {
    try {
      return await inFlight.run(
        `${verb} ${subject.name}`,
        timeoutSeconds,
        (signal) => act({ ...subject, signal, timeoutSeconds, progress: line.onProgress, config, isSecret: secrecy.isSecret }),
        dropped,
      );
    } finally {
      line.close();
      await engine?.flushed();
    }
  });
}

/** The resource that a request is about; its name is everything after the type in the URN. */
export function subjectOf(request: { getUrn(): string }): Subject {
  const urn = request.getUrn();
  return { urn, name: urn.split("::").slice(3).join("::") };
}
