import { z } from "zod";
import { text } from "../../../../sdk/plugin/fields.ts";

const uuid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, "wanted an id like 00000000-0000-0000-0000-000000000000");

/** Credentials and cloud: inputs of every resource that uses Azure. See `AzureAccess`. */
export const accessInputs = {
  environment: text.optional(),
  metadataHost: text.optional(),
  tenantId: uuid.optional(),
  clientId: uuid.optional(),
  clientSecret: text.optional(),
  clientCertificatePath: text.optional(),
  clientCertificatePassword: text.optional(),
  useOidc: z.boolean().optional(),
  oidcToken: text.optional(),
  oidcTokenFilePath: text.optional(),
  oidcRequestUrl: text.optional(),
  oidcRequestToken: text.optional(),
  useMsi: z.boolean().optional(),
} as const;

/** Inputs that are credentials: their change never changes the resource. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);

/** Subscription and resource group of a resource. */
export const placeInputs = {
  subscriptionId: uuid,
  resourceGroupName: z.string().regex(/^[-\w.()]{1,90}$/, "wanted a resource group name"),
} as const;
