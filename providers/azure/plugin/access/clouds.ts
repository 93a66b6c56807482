import { collect } from "../../../../sdk/core/bytes.ts";
import { LinuxKitError } from "../../../../sdk/core/errors.ts";
import { refusalOf } from "../../../../sdk/net/refusal.ts";
import { createTransport } from "../../../../sdk/net/transport.ts";

/** The endpoints of one Azure cloud. */
export interface AzureCloud {
  /** Azure Resource Manager, without a trailing slash. */
  readonly manager: string;
  /** The scope of a token for Azure Resource Manager. */
  readonly managerScope: string;
  /** Microsoft Entra ID. */
  readonly authority: string;
}

/** Source: Microsoft Learn, "Azure Government endpoint mapping" and "Azure in China developer guide". */
const CLOUDS = {
  public: {
    manager: "https://management.azure.com",
    managerScope: "https://management.azure.com/.default",
    authority: "https://login.microsoftonline.com",
  },
  usgovernment: {
    manager: "https://management.usgovcloudapi.net",
    managerScope: "https://management.usgovcloudapi.net/.default",
    authority: "https://login.microsoftonline.us",
  },
  china: {
    manager: "https://management.chinacloudapi.cn",
    managerScope: "https://management.chinacloudapi.cn/.default",
    authority: "https://login.chinacloudapi.cn",
  },
} as const satisfies Readonly<Record<string, AzureCloud>>;

/** Clouds with known endpoints, by their names in Pulumi's Azure provider. */
export const CLOUD_NAMES = Object.keys(CLOUDS) as readonly (keyof typeof CLOUDS)[];

const METADATA = "/metadata/endpoints?api-version=2022-09-01";

/** The answer of a cloud's metadata endpoint. */
interface Endpoints {
  readonly resourceManager?: string;
  readonly authentication?: { readonly loginEndpoint?: string; readonly audiences?: readonly string[] };
}

/**
 * The cloud with this name, or the one that `metadataHost` describes: Azure Stack, or a cloud without a name here.
 *
 * Source: Azure Resource Manager, "Get metadata endpoints" (api-version 2022-09-01).
 *
 * @throws INVALID_DEFINITION for an unknown name; ACCESS_DENIED, NETWORK, CORRUPT
 */
export async function findCloud(
  { environment = "public", metadataHost }: { readonly environment?: string | undefined; readonly metadataHost?: string | undefined },
  signal?: AbortSignal,
): Promise<AzureCloud> {
  if (metadataHost === undefined) {
    if (Object.hasOwn(CLOUDS, environment)) return CLOUDS[environment as keyof typeof CLOUDS];
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `environment: got ${environment}, wanted one of ${CLOUD_NAMES.join(", ")}, or a metadataHost`,
      { path: "environment" },
    );
  }
  const what = `the endpoints of ${metadataHost}`;
  const response = await createTransport({ signal }).send({ url: new URL(`https://${metadataHost}${METADATA}`) });
  if (response.status !== 200) throw await refusalOf(response, what, { name: "azure" });
  const found = JSON.parse((await collect(response.body, undefined, what)).toString()) as Endpoints | readonly Endpoints[];
  // older hosts list all clouds that they know, their own first
  const { resourceManager, authentication: { loginEndpoint, audiences: [audience] = [] } = {} } = (
    Array.isArray(found) ? found[0] : found
  ) as Endpoints;
  if (!resourceManager || !loginEndpoint || !audience)
    throw new LinuxKitError(
      "CORRUPT",
      `${what}: wanted resourceManager, authentication.loginEndpoint and authentication.audiences, and at least one is missing`,
      {
        path: metadataHost,
      },
    );
  return { manager: bare(resourceManager), managerScope: `${bare(audience)}/.default`, authority: bare(loginEndpoint) };
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}
