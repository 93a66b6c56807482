import type { Digest } from "../../core/digest.ts";
import type { HttpRequest, HttpResponse } from "../../net/http.ts";
import { type Transport, type TransportOptions, createTransport } from "../../net/transport.ts";
import { type Authorizer, createAuthorizer } from "./authorizer.ts";
import { parseChallenges } from "./challenge.ts";
import { type RegistryAuth, dockerCredentials } from "./credentials.ts";
import { type Endpoint, type RegistryMirrors, endpointOf } from "./endpoint.ts";
import { failureOf } from "./failure.ts";

export interface RegistryOptions extends TransportOptions {
  /** @default the logins that `docker login` stored */
  readonly auth?: RegistryAuth | undefined;
  /** Mirrors to pull from instead of the registry itself. @default none */
  readonly registryMirrors?: RegistryMirrors | undefined;
}

/** A request within a repository. */
export interface RepositoryRequest extends Omit<HttpRequest, "url"> {
  /** A path below the repository (`manifests/1.27`), or the absolute URL of an upload session. */
  readonly path: string | URL;
  /** The statuses that are returned; any other is thrown as an error. */
  readonly accept: readonly number[];
  /** Names the requested content in messages: `docker.io/library/nginx:1.27`. */
  readonly what: string;
  /** Another repository of this registry that the request needs to read, as a mount does. */
  readonly alsoPull?: string;
}

/** One repository of a registry, opened to pull, or to pull and push. */
export interface Repository {
  /** `docker.io/library/nginx` */
  readonly name: string;
  readonly registry: string;
  readonly repository: string;
  readonly transport: Transport;
  /** @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED */
  request(request: RepositoryRequest): Promise<HttpResponse>;
  /** The full reference of a tag or digest: `docker.io/library/nginx:1.27` or `…@sha256:…`. */
  named(tagOrDigest: string): string;
}

/** Opens repositories, which share its logins and tokens. */
export interface RegistryClient {
  /** @param actions @default "pull" */
  repository(registry: string, repository: string, actions?: "pull" | "pull,push"): Repository;
}

/** Creates a registry client (distribution-spec 1.1). */
export function createRegistryClient(options: RegistryOptions = {}): RegistryClient {
  const transport = createTransport(options);
  const auth = options.auth ?? dockerCredentials();
  const authorizers = new Map<string, Authorizer>();
  const authorizerOf = ({ registry, base, login }: Endpoint): Authorizer => {
    const key = JSON.stringify([base.origin, login]);
    const known = authorizers.get(key) ?? createAuthorizer(registry, base, login ? async () => login : auth, transport);
    authorizers.set(key, known);
    return known;
  };
  return {
    repository(registry, repository, actions = "pull") {
      // pushes go to the registry itself: a mirror is a read-only copy
      const endpoint = endpointOf(registry, actions === "pull" ? options.registryMirrors : {});
      return openRepository(registry, repository, actions, endpoint, authorizerOf(endpoint), transport);
    },
  };
}

function openRepository(
  registry: string,
  repository: string,
  actions: string,
  endpoint: Endpoint,
  authorizer: Authorizer,
  transport: Transport,
): Repository {
  const name = `${registry}/${repository}`;
  // a mirror's path is part of the repository's name in the token's scope
  const prefix = endpoint.base.pathname.slice("/v2/".length);
  const scope = `repository:${prefix}${repository}:${actions}`;
  return {
    name,
    registry,
    repository,
    transport,
    named: (tagOrDigest) => `${name}${tagOrDigest.includes(":") ? "@" : ":"}${tagOrDigest}`,
    async request({ path, accept, what, alsoPull, ...request }) {
      const url = typeof path === "string" ? new URL(`${repository}/${path}`, endpoint.base) : path;
      const scopes = alsoPull === undefined ? [scope] : [scope, `repository:${alsoPull}:pull`];
      const send = async () => {
        // an upload session may be on another host, which must not see the login
        const authorization = url.origin === endpoint.base.origin ? await authorizer.authorization(scopes) : undefined;
        return transport.send({ ...request, url, headers: { ...request.headers, ...(authorization && { authorization }) } });
      };
      let response = await send();
      if (response.status === 401 && response.url.origin === endpoint.base.origin) {
        await response.drop();
        await authorizer.learn(parseChallenges(response.headers.get("www-authenticate") ?? ""), scopes);
        response = await send();
      }
      if (!accept.includes(response.status)) throw await failureOf(response, what);
      return response;
    },
  };
}

/** The `Docker-Content-Digest` header of an answer; undefined unless it is a sha256. */
export function digestHeader(response: HttpResponse): Digest | undefined {
  const value = response.headers.get("docker-content-digest");
  return value !== null && /^sha256:[0-9a-f]{64}$/.test(value) ? (value as Digest) : undefined;
}
