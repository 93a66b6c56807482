/** Defaults of a fleet and its gate. The program and the plugin read them: the fleet configures the cloud, the gate waits. */
export const ROLLOUT_DEFAULTS = {
  /** Percent of the fleet that stays in service. */
  minHealthyPercentage: 90,
  /** Percent of the fleet that may exist during a rollout. */
  maxHealthyPercentage: 100,
  /** Seconds before a new machine counts as healthy, or between two batches. */
  instanceWarmup: 60,
  /** Seconds without progress after which a rollout has failed. */
  stallSeconds: 600,
} as const;
