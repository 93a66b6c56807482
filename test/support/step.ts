import type { TestContext } from "node:test";

/** Runs parts of a test, without each of which the next makes no sense: the first that fails ends the test. */
export function stepsOf(t: TestContext): (name: string, work: () => Promise<void>) => Promise<void> {
  return async (name, work) => {
    let failure: unknown;
    await t.test(name, () => work().catch((error: unknown) => Promise.reject((failure = error))));
    if (failure !== undefined) throw failure;
  };
}
