/**
 * Plays Compute Engine's resources, for the REST API and for Pulumi's provider alike.
 *
 * Source: the API's discovery document, compute v1; the parameter `requestId` of every method that changes something.
 * Source: Compute Engine API, images.setLabels, instances.setLabels.
 * Assumed: two regions with their zones, a CPU quota of 24, and the words of most refusals.
 */
import { Operations } from "./operations.ts";
import { checkLabels, checkName, fingerprintOf } from "./rules.ts";
import { GoogleRefusal, invalid, notFound } from "./refusal.ts";
import { type ApiVersion, checkSchema, type Json } from "./schemas.ts";

/** A collection of resources: its scopes, its schema and its methods. */
export interface Kind {
  readonly collection: string;
  /** `image` in `compute#image`. */
  readonly kind: string;
  readonly scopes: readonly ("global" | "regions" | "zones")[];
  readonly schema: string;
  /** Throws the errors of the request itself. @returns the fields that the API adds, and the work of the operation */
  insert(world: Compute, body: Json, at: ResourceScope): { readonly made: Json; readonly work?: Promise<void> };
  /** Throws if the resource cannot be deleted; deletes what belongs to it. */
  remove?(world: Compute, path: string): void;
  /** Further methods, such as `setLabels`, and `patch` for PATCH. They change the resource in place. */
  readonly verbs?: Readonly<Record<string, Verb>>;
}

export interface Verb {
  readonly schema: string;
  run(world: Compute, resource: Json, body: Json, query: URLSearchParams): void;
}

/** The location of a resource. */
export interface ResourceScope {
  /** `projects/p` */
  readonly project: string;
  /** `projects/p/zones/z` */
  readonly scope: string;
  /** `projects/p/zones/z/disks/d` */
  readonly path: string;
}

/** One change as requested. */
export interface Change {
  readonly body?: Json;
  readonly query?: URLSearchParams;
  readonly version?: ApiVersion;
}

/** The resources by their paths. */
export class Compute {
  readonly resources = new Map<string, Json>();
  readonly operations = new Operations();
  /** Origin of all resource URLs. It is Compute Engine's own, independent of the server's address. */
  readonly origin = "https://www.googleapis.com";
  /** Zones of each region. */
  readonly regions: Readonly<Record<string, readonly string[]>> = {
    "europe-west3": ["europe-west3-a", "europe-west3-b", "europe-west3-c"],
    "us-central1": ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"],
  };
  /** Project IDs. */
  readonly projects: ReadonlySet<string>;
  /** Quota of virtual CPUs in each region. */
  quota = 24;
  readonly #kinds: ReadonlyMap<string, Kind>;
  #count = 0;

  constructor(projects: readonly string[], kinds: readonly Kind[]) {
    this.projects = new Set(projects);
    this.#kinds = new Map(kinds.map((kind) => [kind.collection, kind]));
  }

  /** @throws GoogleRefusal 404 */
  kind(collection: string): Kind {
    const kind = this.#kinds.get(collection);
    if (!kind) throw new GoogleRefusal(404, "notFound", `The requested URL was not found: no collection ${collection}`);
    return kind;
  }

  get(path: string): Json {
    const resource = this.resources.get(path);
    if (!resource) throw notFound(path);
    return resource;
  }

  /** Resources of a collection in this scope; with a project's path, in all of its scopes. */
  list(scope: string, collection: string): Json[] {
    return [...this.resources].flatMap(([path, resource]) =>
      path.startsWith(`${scope}/`) && path.split("/").at(-2) === collection ? [resource] : [],
    );
  }

  /** Resolves a reference: a URL, `projects/…`, `global/…` or `zones/…`. @throws GoogleRefusal if not found or not ready */
  resolve(project: string, reference: Json, field: string): { readonly path: string; readonly resource: Json } {
    const path = pathOf(project, reference);
    const resource = this.resources.get(path);
    if (!resource) throw invalid(field, reference, "The referenced resource does not exist.");
    if (resource.status !== undefined && /^(PENDING|CREATING)$/.test(resource.status))
      throw new GoogleRefusal(400, "resourceNotReady", `The resource '${path}' is not ready`);
    return { path, resource };
  }

  url(path: string): string {
    return `${this.origin}/compute/v1/${path}`;
  }

  /** @returns the operation */
  insert(scope: string, collection: string, { body = {}, query = new URLSearchParams(), version = "v1" }: Change): Json {
    return this.#once(query, () => {
      const kind = this.kind(collection);
      checkSchema(kind.schema, body, version);
      checkName(body.name);
      checkLabels(body.labels);
      const path = `${scope}/${collection}/${body.name}`;
      if (this.resources.has(path)) throw new GoogleRefusal(409, "alreadyExists", `The resource '${path}' already exists`);
      const [, project = "", level = "", place] = scope.split("/");
      const { made, work } = kind.insert(this, body, { project: `projects/${project}`, scope, path });
      const resource = {
        kind: `compute#${kind.kind}`,
        id: String(6n * 10n ** 18n + BigInt(++this.#count)),
        creationTimestamp: new Date().toISOString(),
        ...body,
        ...made,
        selfLink: this.url(path),
        ...(level !== "global" && { [level === "zones" ? "zone" : "region"]: this.url(`projects/${project}/${level}/${place}`) }),
      };
      if (kind.schema === "Image" || kind.schema === "Disk" || kind.schema === "Instance")
        resource.labelFingerprint = fingerprintOf(body.labels);
      this.resources.set(path, resource);
      const settled = (work ?? Promise.resolve()).catch((error) => {
        this.resources.delete(path);
        throw error;
      });
      return this.#begin(path, "insert", query, settled);
    });
  }

  delete(path: string, query = new URLSearchParams()): Json {
    return this.#once(query, () => {
      this.get(path);
      this.kind(path.split("/").at(-2) as string).remove?.(this, path);
      this.resources.delete(path);
      return this.#begin(path, "delete", query);
    });
  }

  /** `patch`, `setLabels`, `attachDisk`… */
  change(path: string, name: string, { body = {}, query = new URLSearchParams(), version = "v1" }: Change): Json {
    return this.#once(query, () => {
      const resource = this.get(path);
      const verbs = this.kind(path.split("/").at(-2) as string).verbs ?? {};
      const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
      if (!verb) throw new GoogleRefusal(404, "notFound", `The requested URL was not found: no method ${name} of ${path}`);
      checkSchema(verb.schema, body, version);
      verb.run(this, resource, body, query);
      return this.#begin(path, name, query);
    });
  }

  #begin(target: string, kind: string, query: URLSearchParams, work: Promise<void> = Promise.resolve()): Json {
    const scope = target.split("/").slice(0, -2).join("/");
    return this.operations.begin({ scope, kind, target, origin: this.origin, requestId: query.get("requestId") ?? undefined }, work);
  }

  /** Runs a change once for each `requestId`. */
  #once(query: URLSearchParams, change: () => Json): Json {
    const id = query.get("requestId") ?? undefined;
    if (id !== undefined && (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) || /^[0-]+$/.test(id)))
      throw invalid("requestId", id, "Must be a valid UUID.");
    return this.operations.repeated(id) ?? change();
  }
}

/** The path `projects/p/…` of a full or partial URL. */
export function pathOf(project: string, reference: Json): string {
  const text = String(reference)
    .replace(/^https:\/\/(www|compute)\.googleapis\.com\/compute\/(v1|beta)\//, "")
    .replace(/\?uniqueId=\d+$/, "");
  return text.startsWith("projects/") ? text : `${project}/${text}`;
}

/** Sets labels if the fingerprint matches the current ones. */
export const SET_LABELS: Verb = {
  schema: "SetLabels",
  run(_, resource, { labels, labelFingerprint }) {
    checkLabels(labels);
    if (labelFingerprint !== resource.labelFingerprint)
      throw new GoogleRefusal(412, "conditionNotMet", "Labels fingerprint either invalid or resource labels have changed");
    resource.labels = labels;
    resource.labelFingerprint = fingerprintOf(labels);
  },
};
