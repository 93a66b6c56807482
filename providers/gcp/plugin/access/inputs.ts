import { text } from "../../../../sdk/plugin/fields.ts";

/** Credentials: inputs of every resource that uses Google Cloud. See `GcpAccess`. */
export const accessInputs = {
  credentials: text.optional(),
  accessToken: text.optional(),
  impersonateServiceAccount: text.optional(),
} as const;

/** Inputs that are credentials: their change never changes the resource. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);
