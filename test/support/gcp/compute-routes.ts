/**
 * Plays the routes of Compute Engine's REST API.
 *
 * Source: the API's discovery document, compute v1.
 * Assumed: statuses of unknown routes; details of listErrors and listManagedInstances beyond what the gate reads.
 */
import type { Compute } from "./compute.ts";
import type { GroupRollout, Managed } from "./group-rollout.ts";
import { page } from "./listing.ts";
import { GoogleRefusal, notFound } from "./refusal.ts";
import type { ApiVersion, Json } from "./schemas.ts";

/** A parsed request. */
export interface ComputeRequest {
  readonly method: string;
  /** The path below `/compute/v1/`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly version: ApiVersion;
}

/** Answers requests to the resources. */
export class ComputeRoutes {
  readonly #world: Compute;
  readonly #rollout: GroupRollout;

  constructor(world: Compute, rollout: GroupRollout) {
    this.#world = world;
    this.#rollout = rollout;
  }

  /** @throws GoogleRefusal */
  async answer(request: ComputeRequest): Promise<Json> {
    const [, project = "", level, ...rest] = request.path.split("/");
    if (level === undefined)
      return { kind: "compute#project", name: project, defaultServiceAccount: `1-compute@developer.gserviceaccount.com` };
    if (level === "aggregated") return this.#aggregated(request, rest[0] as string);
    if (level === "global") return this.#scoped(request, `projects/${project}/global`, rest);
    return this.#located(request, project, level, rest);
  }

  async #located(request: ComputeRequest, project: string, level: string, [place, ...rest]: readonly string[]): Promise<Json> {
    const { regions } = this.#world;
    const names = level === "regions" ? Object.keys(regions) : level === "zones" ? Object.values(regions).flat() : undefined;
    if (!names) throw notFound(request.path);
    const described = names.map((name) => ({
      kind: `compute#${level.slice(0, -1)}`,
      name,
      status: "UP",
      selfLink: this.#world.url(`projects/${project}/${level}/${name}`),
      ...(level === "zones" && { region: this.#world.url(`projects/${project}/regions/${name.replace(/-[a-z]$/, "")}`) }),
    }));
    if (place === undefined) return { kind: `compute#${level.slice(0, -1)}List`, ...page(described, request.query) };
    const found = described.find(({ name }) => name === place);
    if (!found) throw notFound(`projects/${project}/${level}/${place}`);
    return rest.length === 0 ? found : this.#scoped(request, `projects/${project}/${level}/${place}`, rest);
  }

  async #scoped(request: ComputeRequest, scope: string, [collection = "", name, verb]: readonly string[]): Promise<Json> {
    const { method, query } = request;
    const world = this.#world;
    const path = `${scope}/${collection}/${name}`;
    if (collection === "operations") return this.#operation(method, path, verb);
    const kind = world.kind(collection);
    if (!kind.scopes.includes(scope.split("/")[2] as "global"))
      throw new GoogleRefusal(404, "notFound", `The requested URL was not found: ${scope} has no ${collection}`);
    if (name === undefined) {
      if (method === "POST") return world.insert(scope, collection, request);
      return { kind: `compute#${kind.kind}List`, ...page(world.list(scope, collection), query) };
    }
    if (collection === "images" && name === "family" && verb !== undefined) return this.#family(scope, verb);
    if (verb === undefined && method === "GET") return this.#resource(path);
    if (verb === undefined && method === "DELETE") return world.delete(path, query);
    if (verb === undefined && method === "PATCH") return world.change(path, "patch", request);
    if (verb === "listManagedInstances" && method === "POST") return this.#managedInstances(path, query);
    if (verb === "listErrors" && method === "GET")
      return {
        items: this.#machines(path).flatMap((machine) =>
          machine.failure
            ? [
                {
                  error: errorOf(machine),
                  instanceActionDetails: {
                    instance: this.#instance(path, machine),
                    action: machine.action,
                    version: this.#version(machine),
                  },
                },
              ]
            : [],
        ),
      };
    if (verb !== undefined && method === "POST" && verb !== "patch") return world.change(path, verb, request);
    throw new GoogleRefusal(404, "notFound", `The requested URL was not found: ${method} ${request.path}`);
  }

  async #operation(method: string, path: string, verb: string | undefined): Promise<Json> {
    if (!(method === "GET" && verb === undefined) && !(method === "POST" && verb === "wait"))
      throw new GoogleRefusal(404, "notFound", `The requested URL was not found: ${method} ${path}`);
    const operation = await this.#world.operations.get(path, verb === "wait");
    if (!operation) throw notFound(path);
    return operation;
  }

  #resource(path: string): Json {
    const resource = this.#world.get(path);
    if (!this.#rollout.groups.has(path)) return resource;
    this.#rollout.step(this.#world, path);
    return { ...resource, ...this.#rollout.status(resource, path) };
  }

  #family(scope: string, family: string): Json {
    const newest = this.#world
      .list(scope, "images")
      .filter((image) => image.family === family && image.status === "READY")
      .at(-1);
    if (!newest) throw notFound(`${scope}/images/family/${family}`);
    return newest;
  }

  #machines(path: string): readonly Managed[] {
    this.#world.get(path);
    return this.#rollout.groups.get(path) ?? [];
  }

  /** All machines in one answer, unless the group sets `listManagedInstancesResults` to `PAGINATED`. */
  #managedInstances(path: string, query: URLSearchParams): Json {
    const group = this.#world.get(path);
    const machines = this.#machines(path).map((machine) => ({
      id: String(5n * 10n ** 18n + BigInt([...machine.name].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 0))),
      instance: this.#instance(path, machine),
      name: machine.name,
      currentAction: machine.action,
      ...(/CREATING/.test(machine.action) ? {} : { instanceStatus: machine.action === "DELETING" ? "STOPPING" : "RUNNING" }),
      version: this.#version(machine),
      ...(machine.failure && { lastAttempt: { errors: { errors: [errorOf(machine)] } } }),
      ...(group.autoHealingPolicies?.[0]?.healthCheck &&
        !/CREATING|DELETING/.test(machine.action) && {
          instanceHealth: [
            {
              healthCheck: group.autoHealingPolicies[0].healthCheck,
              detailedHealthState: machine.healthy ? "HEALTHY" : machine.age < 2 ? "UNKNOWN" : "TIMEOUT",
            },
          ],
        }),
    }));
    if (group.listManagedInstancesResults !== "PAGINATED") return { managedInstances: machines };
    const { items, nextPageToken } = page(machines, query);
    return { managedInstances: items, ...(nextPageToken && { nextPageToken }) };
  }

  #instance(path: string, { zone, name }: Managed): string {
    return this.#world.url(`${path.split("/").slice(0, 2).join("/")}/zones/${zone}/instances/${name}`);
  }

  #version({ template, versionName }: Managed): Json {
    return { instanceTemplate: this.#world.url(template), ...(versionName !== undefined && { name: versionName }) };
  }

  #aggregated({ path, query }: ComputeRequest, collection: string): Json {
    const project = path.split("/").slice(0, 2).join("/");
    const items: Record<string, Record<string, Json[]>> = {};
    const { items: found, nextPageToken } = page(this.#world.list(project, collection), query);
    for (const resource of found) {
      const scope = resource.selfLink.split("/").slice(-4, -2).join("/");
      items[scope] = { [collection]: [...(items[scope]?.[collection] ?? []), resource] };
    }
    return { kind: `compute#${this.#world.kind(collection).kind}AggregatedList`, items, ...(nextPageToken && { nextPageToken }) };
  }
}

function errorOf({ failure }: Managed): Json {
  return { code: failure && "code" in failure ? failure.code : (failure?.reason ?? "").toUpperCase(), message: failure?.message };
}
