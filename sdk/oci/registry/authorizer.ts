import { z } from "zod";
import { collect } from "../../core/bytes.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { HttpResponse } from "../../net/http.ts";
import { basic } from "../../net/login.ts";
import { redactUrl } from "../../net/redact.ts";
import type { Transport } from "../../net/transport.ts";
import { parseDocument } from "../document.ts";
import type { Challenge } from "./challenge.ts";
import type { RegistryAuth, RegistryCredential } from "./credentials.ts";
import { failureOf } from "./failure.ts";

/** Provides the `Authorization` header for one registry. */
export interface Authorizer {
  /**
   * The header for requests within `scopes` (`repository:library/nginx:pull`); undefined before the first 401, and for
   * anonymous access.
   *
   * @throws ACCESS_DENIED, CORRUPT, NETWORK, TIMEOUT, CANCELLED
   */
  authorization(scopes: readonly string[]): Promise<string | undefined>;
  /**
   * Learns from a 401 which scheme to use, and drops the token for these scopes.
   *
   * @throws ACCESS_DENIED without a supported scheme, or without a login for one
   */
  learn(challenges: readonly Challenge[], scopes: readonly string[]): Promise<void>;
}

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const tokenSchema = z.object({ token: z.string(), access_token: z.string(), expires_in: z.number() }).partial();

/**
 * Creates an authorizer for one registry (distribution's token authentication, "docs/spec/auth/token.md" and "oauth.md").
 *
 * @param origin scheme, host and port of the registry
 */
export function createAuthorizer(registry: string, origin: URL, auth: RegistryAuth, transport: Transport): Authorizer {
  const tokens = new Map<string, Promise<Token>>();
  let challenge: Challenge | undefined;
  let credential: Promise<RegistryCredential | undefined> | undefined;
  const login = () => (credential ??= auth({ registry, signal: transport.signal }));

  return {
    async authorization(scopes) {
      if (!challenge) return undefined;
      const known = await login();
      if (known && "registryToken" in known) return `Bearer ${known.registryToken}`;
      if (challenge.scheme === "basic") return known && "username" in known ? basic(known) : undefined;
      const key = scopes.join(" ");
      let token = await tokens.get(key);
      if (!token || token.expires <= Date.now()) {
        const fetching = fetchToken(challenge, scopes, known, { registry, origin, transport });
        // the next request tries again
        fetching.catch(() => tokens.delete(key));
        tokens.set(key, fetching);
        token = await fetching;
      }
      return `Bearer ${token.value}`;
    },
    async learn(challenges, scopes) {
      tokens.delete(scopes.join(" "));
      const known = await login();
      challenge =
        challenges.find(({ scheme }) => scheme === "bearer") ??
        (known && "username" in known ? challenges.find(({ scheme }) => scheme === "basic") : undefined);
      if (challenge) return;
      const why = challenges.some(({ scheme }) => scheme === "basic")
        ? `${registry} requires a login: run docker login ${registry}`
        : `${registry} answered 401 without a supported authentication scheme, wanted Bearer or Basic`;
      throw new LinuxKitError("ACCESS_DENIED", why, { url: redactUrl(origin), status: 401 });
    },
  };
}

interface RequestTarget {
  readonly registry: string;
  readonly origin: URL;
  readonly transport: Transport;
}

async function fetchToken(
  challenge: Challenge,
  scopes: readonly string[],
  credential: RegistryCredential | undefined,
  place: RequestTarget,
): Promise<Token> {
  const realm = URL.parse(challenge.parameters.get("realm") ?? "");
  if (!realm || !/^https?:$/.test(realm.protocol) || (realm.protocol === "http:" && place.origin.protocol === "https:")) {
    throw new LinuxKitError(
      "ACCESS_DENIED",
      `${place.registry} names a token server ${realm ? `without https: ${redactUrl(realm)}` : "without a valid URL"}`,
      { url: redactUrl(place.origin), status: 401 },
    );
  }
  const service = challenge.parameters.get("service");
  const response =
    credential && "identityToken" in credential
      ? await exchangeRefreshToken(realm, service, scopes, credential.identityToken, place.transport)
      : await askForToken(realm, service, scopes, credential, place.transport);
  if (response.status !== 200) throw await failureOf(response, `a token for ${place.registry}`);
  const what = `token of ${redactUrl(response.url)}`;
  const { token, access_token, expires_in = 60 } = parseDocument(tokenSchema, await collect(response.body, 1 << 20, what), what, 1 << 20);
  const value = token || access_token;
  if (!value || /[^\x21-\x7e]/.test(value)) throw new LinuxKitError("CORRUPT", `${what}: the answer has no valid token`, { path: what });
  // renewed a tenth early, so that a token does not expire during a request
  return { value, expires: Date.now() + Math.max(expires_in, 60) * 900 };
}

function askForToken(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credential: RegistryCredential | undefined,
  transport: Transport,
): Promise<HttpResponse> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (!credential || !("username" in credential)) return transport.send({ url });
  url.searchParams.set("account", credential.username);
  return transport.send({ url, headers: { authorization: basic(credential) } });
}

function exchangeRefreshToken(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  identityToken: string,
  transport: Transport,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "pulumi-linuxkit",
    refresh_token: identityToken,
    scope: scopes.join(" "),
    ...(service !== undefined && { service }),
  });
  return transport.send({
    method: "POST",
    url: realm,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    secretBody: true,
  });
}
