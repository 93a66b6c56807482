import { text } from "../../../../sdk/plugin/fields.ts";

/** Who asks Google Cloud: inputs of every resource that does. See `GcpAccess`. */
export const accessInputs = {
  credentials: text.optional(),
  accessToken: text.optional(),
  impersonateServiceAccount: text.optional(),
} as const;

/** Inputs that say by whose leave it is done, and nothing about what is made. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);
