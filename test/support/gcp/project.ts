/**
 * Plays what a project of Google Cloud has and what credentials may do in it: permissions, quotas, machine types, networks.
 *
 * Source: compute v1: projects.get, regions.get, machineTypes.get, subnetworks.get, routers.list, firewalls.list; Resource Manager v1:
 * projects.testIamPermissions, projects.getEffectiveOrgPolicy; IAM v1: serviceAccounts.testIamPermissions; Cloud Storage JSON API:
 * buckets.get, buckets.testIamPermissions.
 * Assumed: the words of refusals.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GoogleRefusal } from "./refusal.ts";
import type { Json } from "./schemas.ts";

interface StoredRule {
  readonly ports: readonly string[];
  readonly from: readonly string[];
  readonly tags?: readonly string[];
  readonly priority?: number;
  readonly isDenied?: boolean;
}

const NETWORK = "https://compute.googleapis.com/compute/v1/projects/web-prod-1/global/networks/default";

/** A good project: change a member to plant a problem. */
export class GoogleProject implements AsyncDisposable {
  readonly token = "ya29.test";
  readonly name = "web-prod-1";
  /** Permissions that the credentials lack. */
  readonly lacking = new Set<string>();
  isComputeEnabled = true;
  readonly quotas = new Map([
    ["CPUS", { limit: 72, usage: 4 }],
    ["INSTANCES", { limit: 720, usage: 2 }],
    ["IN_USE_ADDRESSES", { limit: 69, usage: 0 }],
    ["REGIONAL_INSTANCE_GROUP_MANAGERS", { limit: 200, usage: 1 }],
  ]);
  readonly ofProject = new Map([
    ["CPUS_ALL_REGIONS", { limit: 64, usage: 4 }],
    ["IMAGES", { limit: 2000, usage: 10 }],
  ]);
  /** vCPUs and architecture by type. */
  readonly types = new Map([
    ["e2-micro", { guestCpus: 2, architecture: "X86_64" }],
    ["t2a-standard-1", { guestCpus: 1, architecture: "ARM64" }],
  ]);
  /** `zone type` of what a zone lacks. */
  readonly zonesLack = new Set<string>();
  subnet: { range: string; privateAccess: boolean } | undefined = { range: "10.156.0.0/20", privateAccess: true };
  hasNat = true;
  rules: StoredRule[] = [{ ports: ["8080"], from: ["35.191.0.0/16", "130.211.0.0/22"], tags: ["web"] }];
  /** Services that need keys of the project's own. */
  needKeys: string[] = [];
  bucket: { retention?: string } | undefined = {};
  hasAccount = true;
  readonly requests: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      let [status, body]: [number, string] = [200, ""];
      try {
        body = JSON.stringify(await this.#answer(request));
      } catch (error) {
        if (!(error instanceof GoogleRefusal)) throw error;
        [status, body] = [error.status, error.body];
      }
      response.writeHead(status, { "content-type": "application/json; charset=UTF-8" }).end(body);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<Json> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? "", "http://google");
    const what = `${request.method} ${url.pathname}`;
    this.requests.push(what);
    const isStorage = url.pathname.startsWith("/storage/");
    // an emulator of Cloud Storage asks for no login
    if (!isStorage && request.headers.authorization !== `Bearer ${this.token}`)
      throw new GoogleRefusal(401, "authError", "Request had invalid authentication credentials.");
    const body: Json = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const granted = (wanted: readonly string[]) => ({ permissions: wanted.filter((name) => !this.lacking.has(name)) });
    if (what === `POST /v1/projects/${this.name}:testIamPermissions`) return granted(body.permissions);
    if (what === `POST /v1/projects/${this.name}:getEffectiveOrgPolicy`)
      return { constraint: body.constraint, listPolicy: { deniedValues: this.needKeys } };
    if (/^POST \/v1\/projects\/-\/serviceAccounts\/.*:testIamPermissions$/.test(what)) {
      if (!this.hasAccount) throw new GoogleRefusal(404, "notFound", "Unknown service account");
      return granted(body.permissions);
    }
    if (isStorage) return this.#storage(what, url.searchParams, granted);
    const [, project, path = ""] = /^GET \/compute\/v1\/projects\/([^/]+)\/?(.*)$/.exec(what) ?? [];
    if (project !== this.name) throw new GoogleRefusal(404, "notFound", `The resource 'projects/${project}' was not found`);
    if (!this.isComputeEnabled)
      throw new GoogleRefusal(403, "accessNotConfigured", "Compute Engine API has not been used in project 7 before or it is disabled.");
    return this.#compute(path);
  }

  #storage(what: string, query: URLSearchParams, granted: (wanted: readonly string[]) => Json): Json {
    if (!this.bucket) throw new GoogleRefusal(404, "notFound", "The specified bucket does not exist.");
    if (what.endsWith("/iam/testPermissions")) return granted(query.getAll("permissions"));
    const { retention } = this.bucket;
    return { kind: "storage#bucket", ...(retention !== undefined && { retentionPolicy: { retentionPeriod: retention } }) };
  }

  #compute(path: string): Json {
    const list = (quotas: GoogleProject["quotas"]) => [...quotas].map(([metric, amounts]) => ({ metric, ...amounts }));
    const zones = ["a", "b", "c"].map((letter) => `europe-west3-${letter}`);
    if (path === "") return { kind: "compute#project", name: this.name, quotas: list(this.ofProject) };
    if (path === "regions/europe-west3")
      return {
        kind: "compute#region",
        name: "europe-west3",
        zones: zones.map((zone) => `https://x/zones/${zone}`),
        quotas: list(this.quotas),
      };
    const [, zone = "", type = ""] = /^zones\/([^/]+)\/machineTypes\/([^/]+)$/.exec(path) ?? [];
    const found = this.types.get(type);
    if (found && zones.includes(zone) && !this.zonesLack.has(`${zone} ${type}`))
      return { kind: "compute#machineType", name: type, ...found };
    if (path === "regions/europe-west3/subnetworks/default" && this.subnet)
      return { network: NETWORK, ipCidrRange: this.subnet.range, privateIpGoogleAccess: this.subnet.privateAccess };
    if (path === "regions/europe-west3/routers") return { items: this.hasNat ? [{ network: NETWORK, nats: [{ name: "nat" }] }] : [] };
    if (path === "global/firewalls") return { items: this.rules.map(ruleOf) };
    throw new GoogleRefusal(404, "notFound", `The resource '${path}' was not found`);
  }
}

function ruleOf({ ports, from, tags, priority = 1000, isDenied = false }: StoredRule, index: number): Json {
  return {
    name: `rule-${index}`,
    network: NETWORK,
    direction: "INGRESS",
    disabled: false,
    priority,
    sourceRanges: from,
    ...(tags && { targetTags: tags }),
    [isDenied ? "denied" : "allowed"]: [{ IPProtocol: "tcp", ports }],
  };
}
