import { isLinuxKitError, LinuxKitError } from "../../../../sdk/core/errors.ts";
import { oneLine } from "../../../../sdk/net/redact.ts";
import { type AzureAccess, credentialOf, withEnvironment } from "./credential.ts";
import { type AzureCloud, findCloud } from "./clouds.ts";

/** Milliseconds before its expiry at which a token is renewed. */
const EARLY_MS = 300_000;

/** Credentials for one cloud. */
export interface AzureLogin {
  readonly cloud: AzureCloud;
  /** A bearer token for the scope; a token that is still valid is reused. @throws ACCESS_DENIED with Azure's message */
  token(scope: string, signal?: AbortSignal): Promise<string>;
}

/** Finds the cloud and the credentials. It logs in when the first token is requested. */
export async function azureLogin(given: AzureAccess, signal?: AbortSignal): Promise<AzureLogin> {
  const access = withEnvironment(given);
  const cloud = await findCloud(access, signal);
  const credential = await credentialOf(access, cloud);
  const tokens = new Map<string, { readonly token: string; readonly expiresOnTimestamp: number }>();
  return {
    cloud,
    async token(scope, signal) {
      const held = tokens.get(scope);
      if (held && held.expiresOnTimestamp - Date.now() > EARLY_MS) return held.token;
      const got = await credential.getToken(scope, signal && { abortSignal: signal }).catch((error: unknown) => {
        if (signal?.aborted) throw signal.reason;
        throw isLinuxKitError(error) ? error : refused(error, scope);
      });
      if (!got) throw refused(new Error("got no token"), scope);
      tokens.set(scope, got);
      return got.token;
    },
  };
}

function refused(error: unknown, scope: string): LinuxKitError {
  const said = oneLine((error as Error).message ?? String(error), 600);
  return new LinuxKitError(
    "ACCESS_DENIED",
    `azure login for ${scope}: ${said}: run \`az login\`, or set ARM_CLIENT_ID, ARM_TENANT_ID and ARM_CLIENT_SECRET or ARM_USE_OIDC`,
    { url: scope, status: 0 },
    { cause: error },
  );
}
