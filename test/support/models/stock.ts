import { isProperties, type Properties, type Value } from "../../../sdk/plugin/value.ts";
import { stockRequests } from "../aws/stock-requests.ts";
import { AzureServer } from "../azure/azure-server.ts";
import { stockId, stockRequest } from "../azure/pulumi-azure.ts";
import { GoogleServer } from "../gcp/google-server.ts";
import { computeTypes } from "../gcp/pulumi-gcp.ts";
import { PulumiWorld, changeRequest } from "../gcp/pulumi-world.ts";
import type { Json } from "../gcp/schemas.ts";
import type { Registered } from "../mocked-program.ts";
import type { CloudRequest } from "./recorded.ts";
import { bucketRequest } from "./stock-bucket.ts";

/** Converts what a program has registered to what the stock providers send. It ends its servers: `await using`. */
export interface StockProviders extends AsyncDisposable {
  /** Empty for a resource that no stock provider makes. */
  requests(resource: Registered): Promise<readonly CloudRequest[]>;
}

/** The first request of a resource, thrown: nothing is created. */
class Sent extends Error {
  readonly request: CloudRequest;

  constructor(request: CloudRequest) {
    super("sent");
    this.request = request;
  }
}

class SendingWorld extends PulumiWorld {
  override async insert(scope: string, collection: string, body: Json): Promise<never> {
    throw new Sent({ cloud: "gcp", method: "POST", url: `/compute/beta/${scope}/${collection}`, body: JSON.parse(JSON.stringify(body)) });
  }

  override async change(path: string, verb: string, body: Json, query: Readonly<Record<string, string>> = {}): Promise<never> {
    throw new Sent(changeRequest(path, verb, body, query));
  }
}

/** Starts the conversions. */
export async function stockProviders(): Promise<StockProviders> {
  const google = await GoogleServer.start({ readObject: async () => undefined });
  const azure = await AzureServer.start();
  azure.arm.groups.set("rg", "westeurope");
  const types = new Map(computeTypes(new SendingWorld(google, "europe-west3")).map((type) => [type.token, type]));
  const kinds = new Map(azure.arm.kinds.map((kind) => [kind.token, kind]));
  return {
    async requests({ type, name, inputs }) {
      const args = known(inputs) as Properties;
      const kind = kinds.get(type);
      if (kind) {
        const id = stockId(azure.arm, kind, args, args[kind.names.at(-1) as string] ?? name);
        return [{ cloud: "azure", method: "PUT", ...stockRequest(azure.arm, kind, id, args) }];
      }
      if (type === "gcp:storage/bucket:Bucket") return [bucketRequest(name, args)];
      const made = types.get(type);
      if (!made) return stockRequests(type, name, args).map((request) => ({ cloud: "aws", ...request }));
      const read = new Set(KEPT);
      try {
        await made.create(name, watched(args, read) as Properties, AbortSignal.abort());
      } catch (error) {
        if (!(error instanceof Sent)) throw error;
        const unread = pathsOf(args).find((path) => !read.has(path));
        if (unread !== undefined) throw new Error(`${type}: how the provider sends ${unread} is not written in test/support/gcp`);
        return [error.request];
      }
      throw new Error(`${type} sends nothing`);
    },
    async [Symbol.asyncDispose]() {
      await google[Symbol.asyncDispose]();
      await azure[Symbol.asyncDispose]();
    },
  };
}

/** Arguments of Google Cloud's classes that the provider keeps to itself, or takes for the path. */
const KEPT = ["project", "zone", "region", "allowStoppingForUpdate", "waitForInstances", "waitForInstancesStatus", "desiredStatus"];

/** A value that notes which members are read, by path. */
function watched(value: Value, read: Set<string>, path = ""): Value {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value as Properties, {
    get(target, name) {
      const inner = Reflect.get(target, name) as Value;
      if (typeof name === "symbol" || typeof inner === "function") return inner;
      const below = /^\d+$/.test(name) ? path : `${path}${path === "" ? "" : "."}${name}`;
      read.add(below);
      return watched(inner, read, below);
    },
  });
}

function pathsOf(value: Value | undefined, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item as Value, path));
  if (!isProperties(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const below = `${path}${path === "" ? "" : "."}${name}`;
    return [below, ...pathsOf(inner, below)];
  });
}

/** The inputs without what is undefined, secrets in clear: a mock gets them with Pulumi's marks. */
function known(value: unknown): Value | undefined {
  if (Array.isArray(value)) return value.map((item) => known(item) as Value);
  if (!isProperties(value)) return value as Value | undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, known(inner)]])),
  ) as Properties;
}
