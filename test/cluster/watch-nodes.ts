/** What a client has seen that asks every 50 ms, and goes on to the next node where one does not answer. */
export interface Watched {
  readonly asked: number;
  /** Requests that the first node asked did not answer, and another did. */
  readonly elsewhere: number;
  /** Requests that no node answered, each with the reasons. */
  readonly unanswered: readonly string[];
}

/** Lets the client of the examples ask for as long as the work takes. */
export const { watchNodes } = (await import(new URL("../../examples/swarm/watch.mjs", import.meta.url).href)) as {
  watchNodes(urls: readonly string[], work: () => Promise<unknown>): Promise<Watched>;
};
