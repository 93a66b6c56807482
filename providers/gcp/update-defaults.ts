/** What a fleet and its gate take where the program says nothing, in seconds. */
export const UPDATE_DEFAULTS = { stallSeconds: 600 } as const;
