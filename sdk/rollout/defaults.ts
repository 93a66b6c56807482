/** What a fleet and its gate use where the program sets nothing. Both halves read it: the fleet tells the cloud, the gate waits. */
export const ROLLOUT_DEFAULTS = {
  /** Percent of the fleet that stays in service. */
  minHealthyPercentage: 90,
  /** Percent of the fleet that may exist during a rollout. */
  maxHealthyPercentage: 100,
  /** Seconds that a new machine gets before it counts, or between two batches. */
  instanceWarmup: 60,
  /** Seconds without progress after which a rollout has failed. */
  stallSeconds: 600,
} as const;
