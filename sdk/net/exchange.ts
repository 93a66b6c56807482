import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { Deadline, LEAST_BYTES } from "./deadline.ts";
import type { HttpRequest, HttpResponse, Wire } from "./http.ts";
import { redactUrl } from "./redact.ts";

/**
 * Sends one request over a wire, and translates its errors.
 *
 * @param timeoutSeconds seconds that the answer may take to begin, and then each next 64 KiB of its body
 * @throws NETWORK, TIMEOUT, CANCELLED, also while the answer's body is read
 */
export async function exchange(
  wire: Wire,
  request: HttpRequest,
  timeoutSeconds: number,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const { url, method = "GET" } = request;
  const what = `${method} ${redactUrl(url)}`;
  throwIfCancelled(signal, what);
  const deadline = new Deadline(timeoutSeconds);
  const translate = (error: unknown): LinuxKitError => {
    if (signal?.aborted) return new LinuxKitError("CANCELLED", `${what} was cancelled`, { what: redactUrl(url) }, { cause: error });
    if (deadline.passed)
      return new LinuxKitError(
        "TIMEOUT",
        `${what}: ${deadline.silent ? "no answer" : "less than 64 KiB"} within ${timeoutSeconds} seconds`,
        { seconds: timeoutSeconds, waitingFor: redactUrl(url) },
        { cause: error },
      );
    return networkError(url, reasonOf(error), error);
  };
  deadline.start();
  try {
    const both = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
    const answer = await wire(request, { signal: both, onBytes: (bytes) => deadline.moved(bytes) });
    // the body has the whole time again
    deadline.moved(LEAST_BYTES);
    deadline.stop();
    const drop = () => {
      deadline.stop();
      return answer.drop();
    };
    return { ...answer, url, body: timed(answer.body, deadline, translate), drop };
  } catch (error) {
    deadline.stop();
    throw translate(error);
  }
}

// the deadline stops while the reader works: that time is not the server's
async function* timed(
  body: AsyncIterable<Uint8Array>,
  deadline: Deadline,
  translate: (error: unknown) => LinuxKitError,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let done: boolean | undefined = false;
  try {
    while (!done) {
      deadline.start();
      const next = await chunks.next().catch((error) => {
        throw translate(error);
      });
      deadline.stop();
      done = next.done;
      if (!next.done) yield next.value;
    }
  } finally {
    deadline.stop();
    if (!done) await chunks.return?.();
  }
}

/** The error for a server that cannot be reached. With a cause, {@link isWorthRetrying} may retry it. */
export function networkError(url: URL, why: string, cause?: unknown): LinuxKitError {
  return new LinuxKitError("NETWORK", `${redactUrl(url)}: ${why}`, { url: redactUrl(url) }, cause === undefined ? undefined : { cause });
}

// fetch says "fetch failed"; the reason is in its cause
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const reason = cause?.message || cause?.code || (error as Error).message || String(error);
  return `connection failed: ${reason}`;
}
