/**
 * Judges requests to AWS by the service models of AWS's own Python client.
 *
 * Source: botocore, `botocore/data/SERVICE/VERSION/service-2.json`; names on the wire as `botocore/serialize.py` forms them
 * (`QuerySerializer`, `EC2Serializer`, `BaseRestSerializer`).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { CloudRequest } from "./recorded.ts";
import { isObject, oneOf, Reading, shown, type Verdict } from "./verdict.ts";

interface Member {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
  readonly location?: "uri" | "header" | "headers" | "querystring" | "statusCode";
}

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly flattened?: boolean;
  readonly payload?: string;
}

interface Service {
  readonly metadata: { readonly protocol: string };
  readonly operations: Readonly<
    Record<string, { readonly http: { readonly method: string; readonly requestUri: string }; readonly input?: { readonly shape: string } }>
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
}

type AwsRequest = Extract<CloudRequest, { readonly cloud: "aws" }>;

/** The folders of services that sign by another name. Source: `signingName` of their models. */
const FOLDERS: Readonly<Record<string, string>> = { servicequotas: "service-quotas" };

/** The newest models of a folder with botocore. */
export class AwsModels {
  readonly #data: string;
  readonly #services = new Map<string, Service>();

  /** @param folder what `PYTHONPATH` would name */
  constructor(folder: string) {
    this.#data = join(folder, "botocore/data");
  }

  judge(request: AwsRequest): Verdict {
    const service = this.#service(request.service);
    const { operation, input } =
      "form" in request ? fromForm(service, request.form) : "url" in request ? fromPath(service, request) : request;
    const reading = new Reading();
    const model = service.operations[operation];
    if (!model) reading.refuse(operation, `not an operation of ${request.service}`);
    else checkValue(service, model.input?.shape, input ?? {}, "", reading);
    return reading.verdict(`${request.service}.${operation}`);
  }

  #service(signed: string): Service {
    const name = FOLDERS[signed] ?? signed;
    let service = this.#services.get(name);
    if (!service) {
      const folder = join(this.#data, name, readdirSync(join(this.#data, name)).sort().at(-1) as string);
      const plain = join(folder, "service-2.json");
      const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`));
      service = JSON.parse(text.toString()) as Service;
      this.#services.set(name, service);
    }
    return service;
  }
}

function checkValue(service: Service, name: string | undefined, value: unknown, path: string, reading: Reading): void {
  const shape: Shape = name === undefined ? { type: "structure", members: {} } : (service.shapes[name] as Shape);
  const refuse = (what: string) => reading.refuse(path, `${shown(value)}, ${what}`);
  const between = (count: number, of: string) => {
    if (count < (shape.min ?? count) || count > (shape.max ?? count)) refuse(`which is not ${shape.min ?? 0} to ${shape.max ?? "∞"} ${of}`);
  };
  switch (shape.type) {
    case "structure": {
      if (!isObject(value)) return refuse("not a structure");
      const { members = {}, required = [] } = shape;
      const at = (member: string) => (path === "" ? member : `${path}.${member}`);
      for (const member of Object.keys(members)) reading.known.add(at(member));
      for (const member of required) if (value[member] === undefined) reading.refuse(at(member), `missing in ${name}`);
      for (const [member, inner] of Object.entries(value)) {
        if (inner === undefined) continue;
        const known = members[member];
        if (!known) reading.refuse(at(member), `not in ${name ?? "an operation without parameters"}`);
        else {
          reading.seen.add(at(member));
          checkValue(service, known.shape, inner, at(member), reading);
        }
      }
      return;
    }
    case "list":
      if (!Array.isArray(value)) return refuse("not a list");
      between(value.length, "items");
      for (const item of value) checkValue(service, shape.member?.shape, item, `${path}[]`, reading);
      return;
    case "map":
      if (!isObject(value)) return refuse("not a map");
      for (const inner of Object.values(value)) checkValue(service, shape.value?.shape, inner, `${path}{}`, reading);
      return;
    case "boolean":
      return typeof value === "boolean" ? undefined : refuse("not a boolean");
    case "integer":
    case "long":
      if (!Number.isSafeInteger(value)) return refuse("not an integer");
      return between(value as number, "");
    case "float":
    case "double":
      return typeof value === "number" ? between(value, "") : refuse("not a number");
    case "string":
      if (typeof value !== "string") return refuse("not a string");
      if (shape.enum && !shape.enum.includes(value)) return refuse(oneOf(shape.enum));
      between([...value].length, "characters");
      if (shape.pattern && !matches(shape.pattern, value)) refuse(`which does not match ${shape.pattern}`);
      return;
    default:
      // a blob is its length or its text in base64; a timestamp is either form
      if (typeof value !== "string" && typeof value !== "number") refuse(`not a ${shape.type}`);
  }
}

/** Patterns are Java's: pairs of surrogates are one character, as with the flag `u`, which refuses some of their escapes. */
function matches(pattern: string, value: string): boolean {
  const isPaired = /\\uD[89AB]/i.test(pattern);
  return new RegExp(`^(?:${pattern})$`, isPaired ? "su" : "s").test(value);
}

/** The operation and its parameters of the query protocol. A value stays a string where the model does not know it. */
function fromForm(service: Service, form: string): { readonly operation: string; readonly input: unknown } {
  const fields = new URLSearchParams(form);
  const operation = fields.get("Action") ?? "";
  const tree: Tree = new Map();
  for (const [name, value] of fields) if (name !== "Action" && name !== "Version") plant(tree, name.split("."), value);
  return { operation, input: grown(service, service.operations[operation]?.input?.shape, tree) };
}

type Tree = Map<string, Tree | string>;

function plant(tree: Tree, [first = "", ...rest]: readonly string[], value: string): void {
  if (rest.length === 0) return void tree.set(first, value);
  const below = tree.get(first);
  const branch: Tree = below instanceof Map ? below : new Map();
  tree.set(first, branch);
  plant(branch, rest, value);
}

function grown(service: Service, name: string | undefined, node: Tree | string): unknown {
  const shape = name === undefined ? undefined : service.shapes[name];
  if (typeof node === "string") {
    if (shape?.type === "boolean") return node === "true" ? true : node === "false" ? false : node;
    if (/^(integer|long|float|double)$/.test(shape?.type ?? "")) return node === "" ? node : Number(node);
    return node;
  }
  const isEc2 = service.metadata.protocol === "ec2";
  if (shape?.type === "list") {
    const inner = isEc2 || shape.flattened ? node : node.get(shape.member?.locationName ?? "member");
    if (!(inner instanceof Map)) return Object.fromEntries(node);
    return [...inner].map(([, item]) => grown(service, shape.member?.shape, item));
  }
  const names = new Map(Object.entries(shape?.members ?? {}).map(([key, each]) => [wireName(isEc2, key, each), key]));
  return Object.fromEntries(
    [...node].map(([wire, inner]) => {
      const key = names.get(wire) ?? wire;
      return [key, grown(service, shape?.members?.[key]?.shape, inner)];
    }),
  );
}

function wireName(isEc2: boolean, key: string, { queryName, locationName }: Member): string {
  if (!isEc2) return locationName ?? key;
  return queryName ?? (locationName === undefined ? key : `${locationName.charAt(0).toUpperCase()}${locationName.slice(1)}`);
}

/** The operation and its parameters of the protocol `rest-json`. */
function fromPath(
  service: Service,
  { method, url, headers, body }: Extract<AwsRequest, { readonly url: string }>,
): { readonly operation: string; readonly input: unknown } {
  const { pathname, searchParams } = new URL(url, "http://aws");
  for (const [operation, { http, input }] of Object.entries(service.operations)) {
    const names: string[] = [];
    const pattern = http.requestUri.replace(/\{(\w+)\}/g, (_, name: string) => `(?<p${names.push(name) - 1}>[^/]+)`);
    const found = http.method === method ? new RegExp(`^${pattern}$`).exec(pathname) : null;
    if (!found) continue;
    const shape = service.shapes[input?.shape ?? ""];
    const members = Object.entries(shape?.members ?? {});
    const typed = (of: string, text: string) => grown(service, of, text);
    const bound = members.flatMap(([key, { shape: of, location, locationName = key }]) => {
      const text =
        location === "uri"
          ? decodeURIComponent(found.groups?.[`p${names.indexOf(locationName)}`] ?? "")
          : location === "header"
            ? headers[locationName.toLowerCase()]
            : location === "querystring"
              ? searchParams.get(locationName)
              : undefined;
      return text === undefined || text === null ? [] : [[key, typed(of, text)] as const];
    });
    const payload = shape?.payload === undefined ? (isObject(body) ? body : {}) : { [shape.payload]: body };
    return { operation, input: { ...payload, ...Object.fromEntries(bound) } };
  }
  return { operation: `${method} ${pathname}`, input: {} };
}
