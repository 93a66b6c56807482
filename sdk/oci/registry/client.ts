import type { Digest } from "../../core/digest.ts";
import type { HttpRequest, HttpResponse } from "../../net/http.ts";
import { type Transport, type TransportOptions, createTransport } from "../../net/transport.ts";
import { type Authorizer, createAuthorizer } from "./authorizer.ts";
import { parseChallenges } from "./challenge.ts";
import { type RegistryAuth, dockerCredentials } from "./credentials.ts";
import { type Endpoint, type RegistryMirrors, endpointOf } from "./endpoint.ts";
import { failureOf } from "./failure.ts";

export interface RegistryOptions extends TransportOptions {
  /** @default what `docker login` keeps */
  readonly auth?: RegistryAuth | undefined;
  /** Asked instead of the registry they are named for, when pulling. */
  readonly registryMirrors?: RegistryMirrors | undefined;
}

/** A request within a repository. */
export interface RepositoryRequest extends Omit<HttpRequest, "url"> {
  /** Below the repository (`manifests/1.27`), or the absolute URL of an upload session. */
  readonly path: string | URL;
  /** The statuses that are an answer; any other is thrown as the error it stands for. */
  readonly accept: readonly number[];
  /** Names the thing in messages: `docker.io/library/nginx:1.27`. */
  readonly what: string;
  /** Another repository of this registry that must be readable too. */
  readonly alsoPull?: string;
}

/** One repository of a registry, with the right to pull from it, or to push to it too. */
export interface Repository {
  /** `docker.io/library/nginx` */
  readonly name: string;
  readonly registry: string;
  readonly repository: string;
  readonly transport: Transport;
  /** @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED */
  request(request: RepositoryRequest): Promise<HttpResponse>;
  /** `docker.io/library/nginx:1.27` or `…@sha256:…` */
  named(tagOrDigest: string): string;
}

/** Opens repositories, whose logins and tokens it shares among them. */
export interface RegistryClient {
  repository(registry: string, repository: string, actions?: "pull" | "pull,push"): Repository;
}

/** A registry client (distribution-spec 1.1) over `fetch`. */
export function createRegistryClient(options: RegistryOptions = {}): RegistryClient {
  const transport = createTransport(options);
  const auth = options.auth ?? dockerCredentials();
  const authorizers = new Map<string, Authorizer>();
  const authorizerOf = ({ registry, base }: Endpoint): Authorizer => {
    const known = authorizers.get(base.origin) ?? createAuthorizer(registry, base, auth, transport);
    authorizers.set(base.origin, known);
    return known;
  };
  return {
    repository(registry, repository, actions = "pull") {
      // what is pushed goes to the registry itself: a mirror is somebody's copy of it
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
  // a mirror's path is part of the name that the token is for
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
        // an upload session may live on another host, which the login is not for
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

/** The `Docker-Content-Digest` of an answer, when it is a sha256. */
export function digestHeader(response: HttpResponse): Digest | undefined {
  const value = response.headers.get("docker-content-digest");
  return value !== null && /^sha256:[0-9a-f]{64}$/.test(value) ? (value as Digest) : undefined;
}
