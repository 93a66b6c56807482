/**
 * Judges requests to Google Cloud by the discovery documents in Google's own Python client.
 *
 * Source: google-api-python-client, `googleapiclient/discovery_cache/documents`; their form is "Google API Discovery Service,
 * Discovery document".
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, oneOf, Reading, shown, type Verdict } from "./verdict.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly readOnly?: boolean;
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly annotations?: { readonly required?: readonly string[] };
  readonly location?: "path" | "query";
  readonly required?: boolean;
  readonly repeated?: boolean;
}

interface Method {
  readonly id: string;
  readonly path: string;
  readonly flatPath?: string;
  readonly httpMethod: string;
  readonly parameters?: Readonly<Record<string, Schema>>;
  readonly request?: { readonly $ref: string };
  readonly mediaUpload?: { readonly protocols: Readonly<Record<string, { readonly path: string }>> };
}

interface Node {
  readonly methods?: Readonly<Record<string, Method>>;
  readonly resources?: Readonly<Record<string, Node>>;
}

interface Document extends Node {
  readonly servicePath: string;
  readonly parameters: Readonly<Record<string, Schema>>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** The document of each path, by what the path begins with. */
const DOCUMENTS: readonly (readonly [path: RegExp, document: string])[] = [
  [/^\/compute\/beta\//, "compute.beta"],
  [/^\/compute\/v1\//, "compute.v1"],
  [/^(\/resumable)?(\/upload)?\/storage\/v1\//, "storage.v1"],
  [/^\/v1\/projects\/-\/serviceAccounts\//, "iamcredentials.v1"],
  [/^\/v1\/projects\/[^/]+\/(locations\/[^/]+\/)?secrets\//, "secretmanager.v1"],
];

interface Known {
  readonly document: Document;
  readonly routes: readonly { readonly method: Method; readonly pattern: RegExp }[];
}

/** The documents of a folder with Google's client. */
export class GoogleModels {
  readonly #folder: string;
  readonly #known = new Map<string, Known>();

  /** @param folder what `PYTHONPATH` would name */
  constructor(folder: string) {
    this.#folder = join(folder, "googleapiclient/discovery_cache/documents");
  }

  /** Undefined where no document is of that path. */
  judge(request: { readonly method: string; readonly url: string; readonly body?: unknown }): Verdict | undefined {
    const { pathname, searchParams } = new URL(request.url, "http://google");
    const name = DOCUMENTS.find(([path]) => path.test(pathname))?.[1];
    if (name === undefined) return undefined;
    const { document, routes } = this.#read(name);
    const reading = new Reading();
    const found = routes.find(({ method, pattern }) => method.httpMethod === request.method && pattern.test(pathname));
    if (!found) {
      reading.refuse(`${request.method} ${pathname}`, `not a method of ${name}`);
      return reading.verdict(`${name}: unknown`);
    }
    const { method } = found;
    checkQuery(document, method, searchParams, reading);
    if (request.body !== undefined && !isEmpty(request.body)) {
      if (method.request) checkValue(document, method, { $ref: method.request.$ref }, request.body, "", reading);
      else reading.refuse("", `${shown(request.body)}, where ${method.id} has no body`);
    }
    return reading.verdict(`${name} ${method.id.replace(/^[^.]+\./, "")}`);
  }

  #read(name: string): Known {
    let known = this.#known.get(name);
    if (!known) {
      const document = JSON.parse(readFileSync(join(this.#folder, `${name}.json`), "utf8")) as Document;
      known = { document, routes: methodsOf(document).flatMap((method) => routesOf(document, method)) };
      this.#known.set(name, known);
    }
    return known;
  }
}

const isEmpty = (body: unknown): boolean => isObject(body) && Object.keys(body).length === 0;

function methodsOf({ methods = {}, resources = {} }: Node): Method[] {
  return [...Object.values(methods), ...Object.values(resources).flatMap(methodsOf)];
}

function routesOf({ servicePath }: Document, method: Method): Known["routes"] {
  const paths = [`/${servicePath}${method.path}`, ...Object.values(method.mediaUpload?.protocols ?? {}).map(({ path }) => path)];
  return paths.map((path) => ({
    method,
    pattern: new RegExp(
      `^${path
        .split(/(\{\+?\w+\})/)
        .map((part) => {
          const [, many, name = ""] = /^\{(\+?)(\w+)\}$/.exec(part) ?? [];
          if (name === "") return part.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
          const pattern = method.parameters?.[name]?.pattern?.replace(/^\^|\$$/g, "");
          return `(?:${many === "" ? "[^/]+" : (pattern ?? ".+")})`;
        })
        .join("")}$`,
    ),
  }));
}

function checkQuery(document: Document, method: Method, query: URLSearchParams, reading: Reading): void {
  const known = { ...document.parameters, ...method.parameters };
  for (const [name, { location }] of Object.entries(method.parameters ?? {})) if (location === "query") reading.known.add(`?${name}`);
  for (const [name, value] of query) {
    const schema = known[name];
    if (schema?.location !== "query") reading.refuse(`?${name}`, `not a parameter of ${method.id}`);
    else {
      reading.seen.add(`?${name}`);
      const typed = schema.type === "integer" ? Number(value) : schema.type === "boolean" ? value === "true" : value;
      checkValue(document, method, schema, typed, `?${name}`, reading);
    }
  }
}

function checkValue(document: Document, method: Method, given: Schema, value: unknown, path: string, reading: Reading): void {
  const schema = given.$ref === undefined ? given : (document.schemas[given.$ref] as Schema);
  const refuse = (what: string) => reading.refuse(path, `${shown(value)}, ${what}`);
  switch (schema.type) {
    case "object": {
      if (!isObject(value)) return refuse("not an object");
      const { properties = {}, additionalProperties } = schema;
      const at = (member: string) => (path === "" ? member : `${path}.${member}`);
      for (const [member, inner] of Object.entries(properties)) {
        if (!isOutput(inner)) reading.known.add(at(member));
        if (inner.annotations?.required?.includes(method.id) && value[member] === undefined)
          reading.refuse(at(member), `missing for ${method.id}`);
      }
      for (const [member, inner] of Object.entries(value)) {
        const known = properties[member];
        if (known) {
          if (isOutput(known)) reading.refuse(at(member), "output only: a request has no effect by it");
          reading.seen.add(at(member));
          checkValue(document, method, known, inner, at(member), reading);
        } else if (additionalProperties) checkValue(document, method, additionalProperties, inner, `${path}{}`, reading);
        else reading.refuse(at(member), `not in ${given.$ref ?? "the object"}`);
      }
      return;
    }
    case "array":
      if (!Array.isArray(value)) return refuse("not an array");
      for (const item of value) checkValue(document, method, schema.items ?? {}, item, `${path}[]`, reading);
      return;
    case "integer":
      return Number.isSafeInteger(value) ? undefined : refuse("not an integer");
    case "number":
      return typeof value === "number" ? undefined : refuse("not a number");
    case "boolean":
      return typeof value === "boolean" ? undefined : refuse("not a boolean");
    case "string": {
      // 64-bit integers are strings in JSON, and the API takes numbers too
      if (/^u?int64$/.test(schema.format ?? ""))
        return /^-?\d+$/.test(String(value)) && (typeof value !== "string" || value !== "") ? undefined : refuse("not an integer");
      if (typeof value !== "string") return refuse("not a string");
      if (schema.enum && !schema.enum.includes(value)) return refuse(oneOf(schema.enum));
      if (schema.pattern !== undefined && !new RegExp(`^(?:${schema.pattern})$`).test(value))
        refuse(`which does not match ${schema.pattern}`);
      return;
    }
    default:
  }
}

/** Compute Engine marks what only answers have in the field's description, since before documents had `readOnly`. */
function isOutput({ readOnly, description = "" }: Schema): boolean {
  return readOnly === true || /^\s*(Output only\.|\[Output Only\])/i.test(description);
}
