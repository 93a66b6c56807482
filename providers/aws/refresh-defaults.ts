/** What a fleet and its gate take where the program says nothing: percent, percent, seconds. */
export const REFRESH_DEFAULTS = { minHealthyPercentage: 90, maxHealthyPercentage: 100, instanceWarmup: 60 } as const;
