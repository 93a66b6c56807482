import { LinuxKitError } from "../core/errors.ts";

/** Node's timers fire at once when asked for more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What is being worked on at the moment, so that it can be told to stop. */
export class WorkInFlight {
  readonly #controllers = new Set<AbortController>();

  /** How many pieces of work have not come to their end. */
  get size(): number {
    return this.#controllers.size;
  }

  /**
   * Runs `work` with a signal that {@link cancel} and the end of `seconds` abort, and waits until it has come to its
   * end: it cleans up first. What it throws after that is replaced by the reason, unless it is an error of its own.
   *
   * @throws TIMEOUT, CANCELLED, and whatever `work` throws
   */
  async run<T>(what: string, seconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        const message = `${what} took longer than ${seconds} s: set customTimeouts on the resource to give it more`;
        controller.abort(new LinuxKitError("TIMEOUT", message, { seconds, waitingFor: what }));
      },
      Math.min(seconds * 1000, LONGEST_TIMER_MS),
    );
    this.#controllers.add(controller);
    try {
      return await work(controller.signal);
    } catch (error) {
      throw isAbortion(error, controller.signal) ? controller.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.#controllers.delete(controller);
    }
  }

  /** Tells everything in flight to stop. */
  cancel(): void {
    for (const controller of this.#controllers) {
      controller.abort(new LinuxKitError("CANCELLED", "cancelled before it was done", { what: "the operation" }));
    }
  }
}

/** Whether an error only says that the signal was aborted. */
function isAbortion(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  return error === signal.reason || name === "AbortError" || code === "ABORT_ERR" || code === "CANCELLED";
}
