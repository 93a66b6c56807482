/** What a part is measured with. */
export interface Work {
  /** An empty folder of this run, which is removed with it. */
  readonly folder: string;
  /** Aborted by Ctrl-C, and when the part takes too long. */
  readonly signal: AbortSignal;
  readonly note: (what: string) => void;
  /** The computer that measures, for people. */
  readonly host: string;
  readonly day: string;
}

/** MiB of each machine but that of Kubernetes' control plane, which has its default. */
export const MEMORY_MIB = 1024;

/** What runs only at the start of a machine has ended by then. */
export const REST_MS = 60_000;

/** A signal that is also aborted when its part ends, in whatever way: nothing that the part waits for goes on. */
export function ending(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  return { signal: AbortSignal.any([signal, over.signal]), [Symbol.dispose]: () => over.abort(new Error("the part has ended")) };
}
