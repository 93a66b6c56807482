import { LinuxKitError } from "../core/errors.ts";

/** Node's timers fire at once for a longer time. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The operations in progress, so that they can be cancelled. */
export class WorkInFlight {
  readonly #controllers = new Set<AbortController>();

  /** How many operations are in progress. */
  get size(): number {
    return this.#controllers.size;
  }

  /**
   * Runs `work` with a signal that {@link cancel}, `dropped` and the end of `seconds` abort, and waits for its end: it
   * cleans up first. An abort error that it throws is replaced by the signal's reason; any other error is kept.
   *
   * @throws TIMEOUT, CANCELLED, and the errors of `work`
   */
  async run<T>(what: string, seconds: number, work: (signal: AbortSignal) => Promise<T>, dropped?: AbortSignal): Promise<T> {
    const controller = new AbortController();
    const drop = (): void => controller.abort(dropped?.reason);
    if (dropped?.aborted) drop();
    dropped?.addEventListener("abort", drop);
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
      dropped?.removeEventListener("abort", drop);
      this.#controllers.delete(controller);
    }
  }

  /** Cancels the operations in progress. */
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
