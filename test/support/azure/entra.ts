/**
 * Plays the token endpoints of Microsoft Entra ID and of a machine's managed identities.
 *
 * Source: Microsoft, "OAuth 2.0 client credentials flow on the Microsoft identity platform".
 * Source: Microsoft, "Microsoft identity platform application authentication certificate credentials".
 * Source: Microsoft, "How to use managed identities for Azure resources on an Azure VM".
 * Judged by: test/azure/microsoft-clients.judge.test.ts (@azure/identity logs in).
 * Assumed: tokens signed by HMAC, which clients treat as opaque; the words after each AADSTS number.
 */
import { createHmac, createVerify, randomBytes, X509Certificate } from "node:crypto";
import { AzureRefusal } from "./refusal.ts";

/** An application or a managed identity that may ask for tokens. */
export interface Identity {
  readonly clientId: string;
  readonly secret?: string;
  /** Its certificate in PEM; assertions are signed with the matching key. */
  readonly certificate?: string;
  /** The token of a federated workload, accepted as an assertion of the application. */
  readonly federatedToken?: string;
  /** Whether the machine has this identity. */
  readonly managed?: boolean;
}

const ARM_AUDIENCES = ["https://management.azure.com", "https://management.core.windows.net"];
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LIFETIME = 3599;

/** One tenant: its applications, managed identities and tokens. */
export class Entra {
  readonly tenant: string;
  readonly identities: Identity[] = [];
  /** Lifetime of a token in seconds. */
  lifetime = LIFETIME;
  readonly #key = randomBytes(32);

  constructor(tenant: string) {
    this.tenant = tenant;
  }

  /**
   * `POST /TENANT/oauth2/v2.0/token`
   *
   * @param endpoint URL of this endpoint, the audience of a signed assertion
   */
  token(tenant: string, form: URLSearchParams, endpoint: string): Record<string, unknown> {
    if (tenant !== this.tenant) throw new AzureRefusal(400, "invalid_request", `AADSTS90002: Tenant '${tenant}' not found.`);
    if (form.get("grant_type") !== "client_credentials")
      throw new AzureRefusal(
        400,
        "unsupported_grant_type",
        `AADSTS70003: The app requested an unsupported grant type '${form.get("grant_type")}'.`,
      );
    const identity = this.identities.find(({ clientId }) => clientId === form.get("client_id"));
    if (!identity)
      throw new AzureRefusal(
        400,
        "unauthorized_client",
        `AADSTS700016: Application with identifier '${form.get("client_id")}' was not found in the directory '${tenant}'.`,
      );
    const audience = /^(.+?)\/?\/\.default$/.exec(form.get("scope") ?? "")?.[1];
    if (audience === undefined)
      throw new AzureRefusal(
        400,
        "invalid_scope",
        `AADSTS1002012: The provided value for scope ${form.get("scope")} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
      );
    this.#authenticate(identity, form, endpoint);
    return {
      token_type: "Bearer",
      expires_in: this.lifetime,
      ext_expires_in: this.lifetime,
      access_token: this.#issue(identity.clientId, audience),
    };
  }

  /** `GET /metadata/identity/oauth2/token`, from the machine's metadata service. */
  managedToken(query: URLSearchParams, headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
    if (headers.metadata !== "true") throw new AzureRefusal(400, "invalid_request", "Required metadata header not specified");
    if (headers["x-forwarded-for"] !== undefined)
      throw new AzureRefusal(400, "invalid_request", "X-Forwarded-For header present in request");
    if (query.get("api-version") !== "2018-02-01")
      throw new AzureRefusal(400, "bad_request", `Invalid api-version ${query.get("api-version")}`);
    const resource = query.get("resource");
    if (!resource) throw new AzureRefusal(400, "invalid_resource", "AADSTS500011: The resource principal was not found in the tenant");
    const wanted = query.get("client_id");
    const managed = this.identities.filter((identity) => identity.managed);
    const identity = wanted === null ? managed[0] : managed.find(({ clientId }) => clientId === wanted);
    if (!identity) throw new AzureRefusal(400, "invalid_request", "Identity not found");
    const until = Math.floor(Date.now() / 1000) + this.lifetime;
    // this endpoint returns numbers as strings
    return {
      access_token: this.#issue(identity.clientId, resource.replace(/\/$/, "")),
      client_id: identity.clientId,
      expires_in: String(this.lifetime),
      expires_on: String(until),
      resource,
      token_type: "Bearer",
    };
  }

  /** A valid token without a request, for clients that do not test the login. */
  issue(audience = ARM_AUDIENCES[0] as string): string {
    return this.#issue("trusted", audience);
  }

  /** Checks a bearer token. @throws InvalidAuthenticationToken and related codes of Azure Resource Manager */
  check(authorization: string | undefined, authority: string): void {
    const challenge = {
      "www-authenticate": `Bearer authorization_uri="${authority}/${this.tenant}", error="invalid_token", error_description="The access token is missing, invalid or expired."`,
    };
    const refuse = (code: string, message: string) => new AzureRefusal(401, code, message, challenge);
    const token = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
    if (token === undefined) throw refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    const [head, body = "", signature] = token.split(".");
    if (this.#sign(`${head}.${body}`) !== signature) throw refuse("InvalidAuthenticationToken", "The access token is invalid.");
    const { aud, exp } = claimsOf(token);
    if (!ARM_AUDIENCES.includes(String(aud)))
      throw refuse(
        "InvalidAuthenticationTokenAudience",
        `The access token has been obtained for wrong audience or resource '${aud}'. It should exactly match with one of the allowed audiences '${ARM_AUDIENCES.join("','")}'.`,
      );
    if (Number(exp) * 1000 < Date.now())
      throw refuse("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.");
  }

  #authenticate({ clientId, secret, certificate, federatedToken }: Identity, form: URLSearchParams, endpoint: string): void {
    if (form.has("client_secret")) {
      if (secret === undefined || form.get("client_secret") !== secret)
        throw new AzureRefusal(401, "invalid_client", `AADSTS7000215: Invalid client secret provided for app '${clientId}'.`);
      return;
    }
    const assertion = form.get("client_assertion");
    if (assertion === null || form.get("client_assertion_type") !== ASSERTION)
      throw new AzureRefusal(
        401,
        "invalid_client",
        "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
      );
    if (federatedToken !== undefined && assertion === federatedToken) return;
    const wrong =
      certificate === undefined ? "the application has no certificate" : wrongAssertion(assertion, clientId, certificate, endpoint);
    if (wrong)
      throw new AzureRefusal(
        401,
        "invalid_client",
        `AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application, or the assertion is wrong: ${wrong}.`,
      );
  }

  #issue(clientId: string, audience: string): string {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ typ: "JWT", alg: "HS256" })}.${part({ aud: audience, iss: `https://sts.windows.net/${this.tenant}/`, iat: now, nbf: now, exp: now + this.lifetime, appid: clientId, oid: clientId, tid: this.tenant })}`;
    return `${text}.${this.#sign(text)}`;
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

/** The fault of a signed assertion; undefined if it is valid. */
function wrongAssertion(assertion: string, clientId: string, pem: string, endpoint: string): string | undefined {
  const [head = "", body = "", signature = ""] = assertion.split(".");
  const certificate = new X509Certificate(pem);
  const { alg, x5t, "x5t#S256": x5t256 } = partOf(head) as Record<string, string>;
  const thumbprint = (hex: string) => Buffer.from(hex.replaceAll(":", ""), "hex").toString("base64url");
  if (x5t !== thumbprint(certificate.fingerprint) && x5t256 !== thumbprint(certificate.fingerprint256))
    return "x5t is of another certificate";
  if (alg !== "RS256" && alg !== "PS256") return `alg ${alg}`;
  const key = alg === "PS256" ? { key: certificate.publicKey, padding: 6, saltLength: 32 } : certificate.publicKey;
  if (!createVerify("sha256").update(`${head}.${body}`).verify(key, signature, "base64url")) return "its signature";
  const { aud, iss, sub, exp, nbf, jti } = claimsOf(assertion);
  if (aud !== endpoint) return `aud is ${aud}, wanted ${endpoint}`;
  if (iss !== clientId || sub !== clientId) return "iss and sub are not the application's id";
  if (!(Number(exp) * 1000 > Date.now()) || Number(nbf ?? 0) * 1000 > Date.now() + 300_000) return "its time";
  return jti === undefined ? "it has no jti" : undefined;
}

function claimsOf(token: string): Record<string, unknown> {
  return partOf(token.split(".")[1] ?? "");
}

/** Decodes one part of a token; empty if malformed. */
function partOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
