import { z } from "zod";
import { text } from "../../../../sdk/plugin/fields.ts";

const uuid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, "wanted an id like 00000000-0000-0000-0000-000000000000");

/** Who asks Azure, and where: inputs of every resource that does. See `AzureAccess`. */
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

/** Inputs that say by whose leave something is done, and nothing about what it is. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);

/** Where everything of a resource is. */
export const placeInputs = {
  subscriptionId: uuid,
  resourceGroupName: z.string().regex(/^[-\w.()]{1,90}$/, "wanted the name of a resource group"),
} as const;
