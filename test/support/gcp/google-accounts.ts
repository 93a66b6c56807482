/**
 * Plays Google's accounts: service account keys, refresh tokens, impersonation, access to projects.
 *
 * Source: Google, "Using OAuth 2.0 for Server to Server Applications"; RFC 6749, section 5.2.
 * Source: IAM Service Account Credentials API, projects.serviceAccounts.generateAccessToken.
 * Judged by: test/gcp/google-accounts.judge.test.ts (google-auth-library logs in).
 * Assumed: one permission for everything in a project; the words of most refusals.
 */
import { createVerify, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { GoogleRefusal } from "./refusal.ts";

const TOKEN_URL = "https://oauth2.googleapis.com/token";
const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";
const JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

interface Token {
  readonly email: string;
  readonly scopes: readonly string[];
  /** Seconds since 1970. */
  readonly expires: number;
}

interface Key {
  readonly email: string;
  readonly publicKey: KeyObject;
}

/** An answer of the token endpoint, whose errors have their own form. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, string | number>>;
}

/** The accounts, their credentials and their rights. */
export class GoogleAccounts {
  /** Emails with access to each project, by project ID. */
  readonly grants = new Map<string, Set<string>>();
  /** Emails that each account may impersonate. */
  readonly actors = new Map<string, Set<string>>();
  /** Issued tokens by their text. */
  readonly tokens = new Map<string, Token>();
  readonly #keys = new Map<string, Key>();
  readonly #refreshTokens = new Map<string, { readonly email: string; readonly clientId: string; readonly clientSecret: string }>();

  /** Gives an account full access to a project. */
  grant(project: string, email: string): void {
    this.grants.set(project, (this.grants.get(project) ?? new Set()).add(email));
  }

  /** Lets one account impersonate another, like `roles/iam.serviceAccountTokenCreator`. */
  allowImpersonation(email: string, target: string): void {
    this.actors.set(email, (this.actors.get(email) ?? new Set()).add(target));
  }

  /** A new key of a service account, in the form of the key file from IAM. */
  serviceAccountKey(project: string, email: string): Readonly<Record<string, string>> {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const id = randomBytes(20).toString("hex");
    this.#keys.set(id, { email, publicKey });
    return {
      type: "service_account",
      project_id: project,
      private_key_id: id,
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: email,
      client_id: "1",
      auth_uri: "https://accounts.google.com/o/oauth2/auth",
      token_uri: TOKEN_URL,
    };
  }

  /** Credentials of a person, in the form that `gcloud auth application-default login` writes. */
  authorizedUser(email: string): Readonly<Record<string, string>> {
    const [refreshToken, clientId, clientSecret] = ["refresh", "client", "secret"].map(
      (what) => `${what}-${randomBytes(8).toString("hex")}`,
    ) as [string, string, string];
    this.#refreshTokens.set(refreshToken, { email, clientId, clientSecret });
    return { type: "authorized_user", client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
  }

  /** Issues a token. @param seconds its lifetime */
  mint(
    email: string,
    { scopes = [CLOUD_PLATFORM], seconds = 3600 }: { readonly scopes?: readonly string[]; readonly seconds?: number } = {},
  ): string {
    const token = `ya29.${randomBytes(24).toString("base64url")}`;
    this.tokens.set(token, { email, scopes, expires: now() + seconds });
    return token;
  }

  /** @returns email of the caller @throws GoogleRefusal 401 or 403 */
  authenticate(authorization: string | undefined, scopes: readonly string[] = []): string {
    const token = this.tokens.get(/^Bearer (\S+)$/.exec(authorization ?? "")?.[1] ?? "");
    if (!token || token.expires <= now())
      throw new GoogleRefusal(
        401,
        authorization === undefined ? "required" : "authError",
        authorization === undefined
          ? "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential."
          : "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
      );
    if (![CLOUD_PLATFORM, ...scopes].some((scope) => token.scopes.includes(scope)))
      throw new GoogleRefusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.");
    return token.email;
  }

  /** `POST /token` */
  token(form: URLSearchParams): TokenAnswer {
    const grant = form.get("grant_type");
    if (grant === "refresh_token") return this.#refresh(form);
    if (grant === JWT_GRANT) return this.#exchange(form.get("assertion") ?? "");
    return refused("unsupported_grant_type", `Invalid grant_type: ${grant}`);
  }

  /** `POST /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken` */
  generateAccessToken(
    caller: string,
    email: string,
    body: { readonly scope?: readonly string[]; readonly lifetime?: string },
  ): Readonly<Record<string, string>> {
    if (!this.actors.get(caller)?.has(email))
      throw new GoogleRefusal(
        403,
        "forbidden",
        "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
      );
    const seconds = Number(/^(\d+)s$/.exec(body.lifetime ?? "3600s")?.[1] ?? Number.NaN);
    if (!body.scope?.length || !(seconds > 0 && seconds <= 3600))
      throw new GoogleRefusal(400, "badRequest", "Request contains an invalid argument.");
    return { accessToken: this.mint(email, { scopes: body.scope, seconds }), expireTime: new Date((now() + seconds) * 1000).toISOString() };
  }

  #refresh(form: URLSearchParams): TokenAnswer {
    const known = this.#refreshTokens.get(form.get("refresh_token") ?? "");
    if (!known) return refused("invalid_grant", "Token has been expired or revoked.");
    if (known.clientId !== form.get("client_id") || known.clientSecret !== form.get("client_secret"))
      return refused("invalid_client", "The OAuth client was not found.", 401);
    return { status: 200, body: { access_token: this.mint(known.email), expires_in: 3599, scope: CLOUD_PLATFORM, token_type: "Bearer" } };
  }

  #exchange(assertion: string): TokenAnswer {
    const [header = "", payload = "", signature = ""] = assertion.split(".");
    const read = (part: string) => {
      try {
        return JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, string | number>;
      } catch {
        return {};
      }
    };
    const { alg, kid } = read(header);
    const { iss, aud, scope, exp, iat } = read(payload);
    // older clients omit the key ID: any key of the account may have signed
    const keys = [...this.#keys].filter(([id, { email }]) => email === iss && (kid === undefined || kid === id));
    if (keys.length === 0) return refused("invalid_grant", "Invalid grant: account not found");
    const good = keys.some(([, { publicKey }]) =>
      createVerify("RSA-SHA256").update(`${header}.${payload}`).verify(publicKey, signature, "base64url"),
    );
    if (alg !== "RS256" || !good) return refused("invalid_grant", "Invalid JWT Signature.");
    if (aud !== TOKEN_URL) return refused("invalid_grant", "Invalid JWT: Failed audience check.");
    const [from, to] = [Number(iat), Number(exp)];
    if (!(from <= now() + 300 && to > now() && to - from <= 3600))
      return refused(
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
      );
    if (!scope) return refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    return {
      status: 200,
      body: { access_token: this.mint(String(iss), { scopes: String(scope).split(" ") }), expires_in: 3599, token_type: "Bearer" },
    };
  }
}

function refused(error: string, description: string, status = 400): TokenAnswer {
  return { status, body: { error, error_description: description } };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
