import { readFile } from "node:fs/promises";
import type { AuthClient } from "google-auth-library";
import { isLinuxKitError, LinuxKitError } from "../../../../sdk/core/errors.ts";

/**
 * Who asks Google Cloud. What is left out is found as Google's own libraries find it: `GOOGLE_APPLICATION_CREDENTIALS`,
 * what `gcloud auth application-default login` wrote, workload identity, the service account of the machine.
 */
export interface GcpAccess {
  /** A key as JSON, or the path of its file. @default `GOOGLE_CREDENTIALS`, else application default credentials */
  readonly credentials?: string | undefined;
  /** A token that somebody has got already; it is good for an hour. @default `GOOGLE_OAUTH_ACCESS_TOKEN` */
  readonly accessToken?: string | undefined;
  /** E-mail of a service account to act as, by the identity that was found. @default `GOOGLE_IMPERSONATE_SERVICE_ACCOUNT` */
  readonly impersonateServiceAccount?: string | undefined;
}

/** What a request carries to say who asks. The library behind it fetches a token anew before the old one ends. */
export type Login = () => Promise<Readonly<Record<string, string>>>;

// no request of ours needs a project to be known, and a library that knows none looks for it by rights that nobody has to have
const NO_PROJECT = "-";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** Logs in when the first request is made. @throws ACCESS_DENIED, with what to set */
export function gcpLogin({ credentials, accessToken, impersonateServiceAccount }: GcpAccess, env: NodeJS.ProcessEnv = process.env): Login {
  // in the order of the stack's Google Cloud provider, so that both are the same identity
  const given = { accessToken, credentials };
  const said =
    (given.accessToken ?? given.credentials)
      ? given
      : { accessToken: env.GOOGLE_OAUTH_ACCESS_TOKEN || undefined, credentials: env.GOOGLE_CREDENTIALS || undefined };
  const impersonated = impersonateServiceAccount ?? (env.GOOGLE_IMPERSONATE_SERVICE_ACCOUNT || undefined);
  let client: Promise<AuthClient> | undefined;
  return async () => {
    // a token is a header as it is: the library has nothing to add
    if (said.accessToken !== undefined && impersonated === undefined) return { authorization: `Bearer ${said.accessToken}` };
    try {
      client ??= clientOf(said, impersonated);
      return Object.fromEntries(await (await client).getRequestHeaders());
    } catch (error) {
      client = undefined;
      if (isLinuxKitError(error)) throw error;
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
      // the usual two by themselves: whatever reads any kind warns of it on each run, and the engine shows that
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

/** A key, given as it is or by its path: Google's own provider takes both. */
async function keyOf(credentials: string): Promise<Record<string, unknown>> {
  const inline = credentials.trimStart().startsWith("{");
  const text = inline
    ? credentials
    : await readFile(credentials, "utf8").catch((error: unknown) => {
        throw new LinuxKitError("NOT_FOUND", `credentials: no file ${credentials}`, { what: credentials }, { cause: error });
      });
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // the parser's own words would show what it read
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `credentials: got ${inline ? "text" : `a file, ${credentials},`} that is no JSON, wanted a key of a service account or the path of one`,
      { path: "credentials" },
    );
  }
}
