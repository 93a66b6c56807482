import { readFile } from "node:fs/promises";
import type { AuthClient } from "google-auth-library";
import { isLinuxKitError, LinuxKitError } from "../../../../sdk/core/errors.ts";
import { missingPackage } from "../../../../sdk/core/missing-package.ts";
import type { Properties } from "../../../../sdk/plugin/value.ts";

/**
 * Credentials. Google's libraries find what is left out: `GOOGLE_APPLICATION_CREDENTIALS`, the file that
 * `gcloud auth application-default login` wrote, workload identity, the machine's service account.
 */
export interface GcpAccess {
  /** A key in JSON, or the path of its file. @default `GOOGLE_CREDENTIALS`, else application default credentials */
  readonly credentials?: string | undefined;
  /** An access token; it is valid for one hour. @default `GOOGLE_OAUTH_ACCESS_TOKEN` */
  readonly accessToken?: string | undefined;
  /** E-mail of a service account to impersonate. @default `GOOGLE_IMPERSONATE_SERVICE_ACCOUNT` */
  readonly impersonateServiceAccount?: string | undefined;
}

/** Returns a request's authorization headers. The library behind it fetches a new token before the old one expires. */
export type Login = () => Promise<Readonly<Record<string, string>>>;

// these requests need no project; without one, the library would look it up with permissions that users need not have
const NO_PROJECT = "-";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** The packages that {@link gcpLogin} loads: a token alone needs none. */
export function loginPackages({ credentials, accessToken, impersonateServiceAccount }: Properties): readonly string[] {
  const { GOOGLE_OAUTH_ACCESS_TOKEN: token, GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: impersonated } = process.env;
  const hasToken = accessToken !== undefined || (credentials === undefined && Boolean(token));
  return hasToken && !(impersonateServiceAccount ?? impersonated) ? [] : ["google-auth-library"];
}

/** Logs in at the first request. @throws ACCESS_DENIED, with what to set */
export function gcpLogin({ credentials, accessToken, impersonateServiceAccount }: GcpAccess, env: NodeJS.ProcessEnv = process.env): Login {
  // the same order as in the stack's Google Cloud provider, so that both use the same credentials
  const given = { accessToken, credentials };
  const chosen =
    (given.accessToken ?? given.credentials)
      ? given
      : { accessToken: env.GOOGLE_OAUTH_ACCESS_TOKEN || undefined, credentials: env.GOOGLE_CREDENTIALS || undefined };
  const impersonated = impersonateServiceAccount ?? (env.GOOGLE_IMPERSONATE_SERVICE_ACCOUNT || undefined);
  let client: Promise<AuthClient> | undefined;
  return async () => {
    // a token needs no library
    if (chosen.accessToken !== undefined && impersonated === undefined) return { authorization: `Bearer ${chosen.accessToken}` };
    try {
      client ??= clientOf(chosen, impersonated);
      return Object.fromEntries(await (await client).getRequestHeaders());
    } catch (error) {
      client = undefined;
      const known = missingPackage(error) ?? error;
      if (isLinuxKitError(known)) throw known;
      throw new LinuxKitError(
        "ACCESS_DENIED",
        `google: ${(error as Error).message}: run \`gcloud auth application-default login\`, or set GOOGLE_APPLICATION_CREDENTIALS or the stack's gcp:credentials`,
        { url: "google", status: 0 },
        { cause: error },
      );
    }
  };
}

async function clientOf({ accessToken, credentials }: GcpAccess, impersonated: string | undefined): Promise<AuthClient> {
  const { GoogleAuth, Impersonated, JWT, OAuth2Client, UserRefreshClient } = await import("google-auth-library");
  const source = async (): Promise<AuthClient> => {
    if (accessToken === undefined) {
      if (credentials === undefined) return new GoogleAuth({ scopes: SCOPE, projectId: NO_PROJECT }).getClient();
      const key = await keyOf(credentials);
      // the two usual kinds directly: the class for any kind warns on each run, and the engine shows the warning
      const usual =
        key.type === "service_account" ? new JWT({ scopes: SCOPE }) : key.type === "authorized_user" ? new UserRefreshClient() : undefined;
      if (!usual) return new GoogleAuth({ scopes: SCOPE, projectId: NO_PROJECT, credentials: key }).getClient();
      usual.fromJSON(key);
      return usual;
    }
    const client = new OAuth2Client();
    client.setCredentials({ access_token: accessToken });
    return client;
  };
  if (impersonated === undefined) return source();
  return new Impersonated({
    sourceClient: await source(),
    targetPrincipal: impersonated,
    targetScopes: [SCOPE],
    delegates: [],
    lifetime: 3600,
  });
}

/** A key, given as JSON or as a path: Google's own provider accepts both. */
async function keyOf(credentials: string): Promise<Record<string, unknown>> {
  const inline = credentials.trimStart().startsWith("{");
  const text = inline
    ? credentials
    : await readFile(credentials, "utf8").catch((error: unknown) => {
        throw new LinuxKitError("NOT_FOUND", `credentials: file not found: ${credentials}`, { what: credentials }, { cause: error });
      });
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // the parser's message would show parts of the key
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `credentials: got ${inline ? "text" : `a file (${credentials})`} that is not JSON, wanted a service account key or the path of one`,
      { path: "credentials" },
    );
  }
}
