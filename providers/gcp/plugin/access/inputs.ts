import { text } from "../../../../sdk/plugin/fields.ts";
import { input } from "../../../../sdk/plugin/input.ts";

/** Credentials: inputs of every resource that uses Google Cloud. See `GcpAccess`. Their change never changes the resource. */
export const accessInputs = {
  credentials: input("A key in JSON, or the path of its file.", text.optional(), { onChange: "ignore", secret: true }),
  accessToken: input("An access token.", text.optional(), { onChange: "ignore", secret: true }),
  impersonateServiceAccount: input("E-mail of a service account to impersonate.", text.optional(), { onChange: "ignore", secret: true }),
} as const;

/** The names of {@link accessInputs}. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);
