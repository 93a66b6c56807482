import { z } from "zod";
import { text } from "../../../../sdk/plugin/fields.ts";
import { input } from "../../../../sdk/plugin/input.ts";

const uuid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, "an id like 00000000-0000-0000-0000-000000000000");

const ignored = { onChange: "ignore" } as const;
const hidden = { onChange: "ignore", secret: true } as const;

/** Credentials and cloud: inputs of every resource that uses Azure. See `AzureAccess`. Their change never changes the resource. */
export const accessInputs = {
  environment: input("The cloud: `public`, `usgovernment` or `china`.", text.optional(), ignored),
  metadataHost: input("Host of the metadata endpoint of another cloud.", text.optional(), ignored),
  tenantId: input("Id of the tenant.", uuid.optional(), ignored),
  clientId: input("Id of an application or a user-assigned managed identity.", uuid.optional(), ignored),
  clientSecret: input("Secret of the application.", text.optional(), hidden),
  clientCertificatePath: input("Path of a PEM file with certificate and key.", text.optional(), ignored),
  clientCertificatePassword: input("Password of that file.", text.optional(), hidden),
  useOidc: input("Log in with an OpenID Connect token.", z.boolean().optional(), ignored),
  oidcToken: input("The OpenID Connect token.", text.optional(), hidden),
  oidcTokenFilePath: input("Path of a file with the token.", text.optional(), ignored),
  oidcRequestUrl: input("URL to request the token from.", text.optional(), ignored),
  oidcRequestToken: input("Bearer token for that request.", text.optional(), hidden),
  useMsi: input("Log in as the machine's managed identity.", z.boolean().optional(), ignored),
} as const;

/** The packages that a login loads. */
export const LOGIN_PACKAGES: readonly string[] = ["@azure/identity"];

/** The names of {@link accessInputs}. */
export const ACCESS_NAMES: readonly string[] = Object.keys(accessInputs);

/** Subscription and resource group of a resource. */
export const placeInputs = {
  subscriptionId: input("Id of the subscription.", uuid, { onChange: "replace" }),
  resourceGroupName: input("Name of the resource group.", z.string().regex(/^[-\w.()]{1,90}$/, "a resource group name"), {
    onChange: "replace",
  }),
} as const;
