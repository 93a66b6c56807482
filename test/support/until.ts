import { setTimeout as sleep } from "node:timers/promises";

/** Waits for what another process or server does. */
export async function until(condition: () => boolean, seconds = 120): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > seconds * 10) throw new Error(`not done within ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Looks until it finds what is wanted. A look that fails is repeated. */
export async function eventually(
  what: string,
  look: () => Promise<boolean>,
  { seconds = 300, signal }: { readonly seconds?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  let last: unknown;
  for (const end = performance.now() + seconds * 1000; ; await sleep(250, undefined, signal && { signal })) {
    signal?.throwIfAborted();
    if (await look().catch((error: unknown) => void (last = error))) return;
    if (performance.now() > end) throw new Error(`waited ${seconds} s: ${what}`, { cause: last });
  }
}
