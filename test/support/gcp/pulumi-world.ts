/**
 * Plays how `pulumi-resource-gcp` calls Compute Engine: through the beta API, waiting for every operation.
 *
 * Source: Terraform's google-beta provider, from which @pulumi/gcp is made.
 * Assumed: names of seven hexadecimal digits; the form of errors.
 */
import { createHash } from "node:crypto";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type CloudRequest, record } from "../models/recorded.ts";
import type { GoogleServer } from "./google-server.ts";
import { GoogleRefusal } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** The calls of one provider. */
export class PulumiWorld {
  readonly server: GoogleServer;
  readonly region: string;
  readonly zone: string;
  #count = 0;

  constructor(server: GoogleServer, region: string) {
    this.server = server;
    this.region = region;
    this.zone = server.compute.regions[region]?.[0] as string;
  }

  /** Name of a resource: the input, otherwise the resource's own name with seven digits. */
  nameOf(name: string, inputs: Properties): string {
    if (typeof inputs.name === "string") return inputs.name;
    const digits = createHash("sha256")
      .update(`${name} ${this.#count++}`)
      .digest("hex")
      .slice(0, 7);
    return typeof inputs.namePrefix === "string" ? `${inputs.namePrefix}${digits}` : `${name}-${digits}`;
  }

  project(inputs: Properties): string {
    return `projects/${String(inputs.project ?? this.server.project)}`;
  }

  /** @returns the resource after its operation */
  async insert(scope: string, collection: string, body: Json): Promise<{ readonly path: string; readonly resource: Json }> {
    const project = scope.split("/")[1] as string;
    const path = `${scope}/${collection}/${body.name}`;
    await this.#done(`creating ${body.name}`, () => {
      if (!this.server.accounts.grants.get(project)?.has(this.server.email))
        throw new GoogleRefusal(403, "forbidden", `Required 'compute.${collection}.create' permission for '${path}'`);
      return this.server.compute.insert(scope, collection, { body: withoutUndefined(body), version: "beta" });
    });
    record({ cloud: "gcp", method: "POST", url: `/compute/beta/${scope}/${collection}`, body });
    return { path, resource: this.server.compute.get(path) };
  }

  async change(path: string, verb: string, body: Json, query: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#done(`changing ${path}`, () =>
      this.server.compute.change(path, verb, { body: withoutUndefined(body), version: "beta", query: new URLSearchParams(query) }),
    );
    record(changeRequest(path, verb, body, query));
  }

  /** Deletes a resource if it exists. */
  async remove(path: string): Promise<void> {
    if (!this.exists(path)) return;
    await this.#done(`deleting ${path}`, () => this.server.compute.delete(path));
    record({ cloud: "gcp", method: "DELETE", url: `/compute/beta/${path}` });
  }

  exists(path: string): boolean {
    return this.server.compute.resources.has(path);
  }

  async #done(what: string, begin: () => Json): Promise<void> {
    try {
      const { selfLink } = begin();
      const operation = await this.server.compute.operations.get(selfLink.replace(/^.*\/compute\/v1\//, ""), true);
      if (operation.error) throw new Error(`Error waiting for ${what}: ${operation.error.errors[0].message}`);
    } catch (error) {
      if (!(error instanceof GoogleRefusal)) throw error;
      throw new Error(`googleapi: Error ${error.status}: ${error.message}, ${error.reason}`, { cause: error });
    }
  }
}

/** The request behind {@link PulumiWorld.change}. */
export function changeRequest(path: string, verb: string, body: Json, query: Readonly<Record<string, string>>): CloudRequest {
  const search = new URLSearchParams(query).toString();
  const url = `/compute/beta/${path}${verb === "patch" ? "" : `/${verb}`}${search === "" ? "" : `?${search}`}`;
  return { cloud: "gcp", method: verb === "patch" ? "PATCH" : "POST", url, body: withoutUndefined(body) };
}

function withoutUndefined(body: Json): Json {
  return JSON.parse(JSON.stringify(body));
}

/** The named inputs that are set. */
export function pick(inputs: Properties, names: readonly string[]): Json {
  return Object.fromEntries(names.flatMap((name) => (inputs[name] === undefined ? [] : [[name, inputs[name]]])));
}
