/**
 * Judges requests to Azure Resource Manager by the models in Microsoft's own Python packages.
 *
 * Source: azure-mgmt-compute and azure-mgmt-network, made by Microsoft from its specifications: `_attribute_map` has each
 * member's path in the body and its type, `_validation` what is required, read-only or limited, `:vartype` its enumeration.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, oneOf, Reading, shown, type Verdict } from "./verdict.ts";

interface Attribute {
  /** `properties.storageProfile` */
  readonly path: readonly string[];
  /** `str`, `int`, `[NetworkProfile]`, `{str}` */
  readonly type: string;
  readonly enumeration: string | undefined;
  readonly isReadOnly: boolean;
  readonly isRequired: boolean;
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly pattern: string | undefined;
}

interface Operation {
  readonly version: string;
  readonly method: string;
  /** The path as the package writes it. */
  readonly path: string;
  readonly pattern: RegExp;
  /** The class of the body; undefined without one. */
  readonly body: string | undefined;
  readonly query: readonly string[];
}

interface Version {
  readonly operations: readonly Operation[];
  readonly classes: ReadonlyMap<string, string>;
  readonly enumerations: ReadonlyMap<string, ReadonlySet<string>>;
  readonly attributes: Map<string, readonly Attribute[]>;
}

const NAMESPACES = ["Microsoft.Compute", "Microsoft.Network"];

/** The models of several packages, by API version. */
export class AzureModels {
  readonly #folders: readonly string[];
  /** By version: the folders of the packages that have it. */
  #versions: ReadonlyMap<string, readonly string[]> | undefined;
  readonly #read = new Map<string, Version>();

  /** @param folders what `PYTHONPATH` would name, one for each package */
  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** Undefined where no package has a model of that resource provider and API version. */
  judge(request: { readonly method: string; readonly url: string; readonly body?: unknown }): Verdict | undefined {
    const { pathname, searchParams } = new URL(request.url, "http://azure");
    const [, namespace = ""] = /\/providers\/([^/]+)\//i.exec(pathname) ?? [];
    const known = NAMESPACES.find((name) => name.toLowerCase() === namespace.toLowerCase());
    const version = searchParams.get("api-version") ?? "";
    const folders = known === undefined || /\/operations\/[^/]+$/.test(pathname) ? [] : this.#foldersOf(known, version);
    const found = folders
      .map((folder) => ({ model: this.#version(folder), folder }))
      .find(({ model }) => operationOf(model, version, request.method, pathname));
    if (folders.length === 0) return undefined;
    const reading = new Reading();
    const operation = found && operationOf(found.model, version, request.method, pathname);
    if (!operation) {
      reading.refuse(`${request.method} ${pathname}`, `not an operation of ${known} ${version}`);
      return reading.verdict(`${known} ${version}: unknown`);
    }
    for (const name of operation.query) reading.known.add(`?${name}`);
    for (const name of searchParams.keys())
      if (name === "api-version" || name === "$skiptoken") continue;
      else if (operation.query.includes(name)) reading.seen.add(`?${name}`);
      else reading.refuse(`?${name}`, `not a parameter of ${operation.path}`);
    if (operation.body === undefined) {
      if (request.body !== undefined && !(isObject(request.body) && Object.keys(request.body).length === 0))
        reading.refuse("", `${shown(request.body)}, where the operation has no body`);
    } else checkObject(found.model, operation.body, request.body ?? {}, "", reading);
    const short = operation.path.replace(/^.*\/providers\//, "").replace(/\{\w+\}/g, "{}");
    return reading.verdict(`${version} ${request.method} ${short}`);
  }

  #foldersOf(namespace: string, version: string): readonly string[] {
    this.#versions ??= versionsOf(this.#folders);
    return this.#versions.get(`${namespace} ${version}`) ?? [];
  }

  #version(folder: string): Version {
    let version = this.#read.get(folder);
    if (!version) {
      version = readVersion(folder);
      this.#read.set(folder, version);
    }
    return version;
  }
}

function operationOf({ operations }: Version, version: string, method: string, pathname: string): Operation | undefined {
  return operations.find((each) => each.version === version && each.method === method && each.pattern.test(pathname));
}

const API_VERSION = /_params\.pop\("api-version", "([\d-]+)"\)/g;

/** A package has a folder for each version, or one folder, whose operations each name theirs. */
function versionsOf(roots: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const add = (namespace: string, version: string, folder: string) =>
    found.set(`${namespace} ${version}`, [...(found.get(`${namespace} ${version}`) ?? []), folder]);
  for (const root of roots) {
    for (const name of readdirSync(join(root, "azure/mgmt"))) {
      const folder = join(root, "azure/mgmt", name);
      const namespace = `Microsoft.${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      const many = readdirSync(folder).filter((each) => /^v\d{4}_\d\d_\d\d$/.test(each));
      for (const each of many) add(namespace, each.slice(1).replaceAll("_", "-"), join(folder, each));
      if (many.length > 0) continue;
      const text = readFileSync(join(folder, "operations/_operations.py"), "utf8");
      for (const version of new Set([...text.matchAll(API_VERSION)].map(([, each]) => each as string))) add(namespace, version, folder);
    }
  }
  return found;
}

function readVersion(folder: string): Version {
  const text = (file: string) => readFileSync(join(folder, file), "utf8");
  const models = readdirSync(join(folder, "models"));
  const code = text("models/_models_py3.py");
  const enums = text(join("models", models.find((name) => name.endsWith("_enums.py")) as string));
  const classes = code
    .split(/^class /m)
    .slice(1)
    .map((body) => [/^\w+/.exec(body)?.[0] ?? "", body] as const);
  const enumerations = enums
    .split(/^class /m)
    .slice(1)
    .map((body) => {
      const values = [...body.matchAll(/^ {4}[A-Z0-9_]+ = "([^"]*)"/gm)].map(([, value]) => value as string);
      return [/^\w+/.exec(body)?.[0] ?? "", new Set(values)] as const;
    });
  return {
    operations: readOperations(text("operations/_operations.py")),
    classes: new Map(classes),
    enumerations: new Map(enumerations),
    attributes: new Map(),
  };
}

/** Each request has a function that builds it; the method that calls it names the class of its body. */
function readOperations(code: string): Operation[] {
  const bodies = new Map<string, string>();
  for (const method of code.split(/^ {4}def /m).slice(1)) {
    const [, builder] = /= (build_\w+_request)\(/.exec(method) ?? [];
    const [, body] = /self\._serialize\.body\(\w+, "(\w+)"/.exec(method) ?? [];
    if (builder !== undefined && body !== undefined) bodies.set(builder, body);
  }
  return code
    .split(/^def /m)
    .slice(1)
    .flatMap((builder) => {
      const [name = ""] = /^\w+/.exec(builder) ?? [];
      const [, path] = /"(\/subscriptions\/[^"]+|\/\{[^"]+)"/.exec(builder) ?? [];
      const [, method] = /HttpRequest\(\s*method="(\w+)"/.exec(builder) ?? [];
      const [[, version] = []] = builder.matchAll(API_VERSION);
      if (path === undefined || method === undefined || version === undefined) return [];
      return [
        {
          version,
          method,
          path,
          pattern: new RegExp(`^${path.replace(/[.()]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}$`, "i"),
          body: bodies.get(name),
          query: [...builder.matchAll(/_params\["([^"]+)"\]/g)].map(([, each]) => each as string).filter((each) => each !== "api-version"),
        },
      ];
    });
}

/** Enumerations that their own documentation calls outdated. Source: azure-mgmt-compute, HardwareProfile. */
const OUTDATED: readonly (string | undefined)[] = ["VirtualMachineSizeTypes"];

/** The attributes of a class; its `_attribute_map`, where it has one, has those of its parents too. */
function attributesOf(version: Version, name: string): readonly Attribute[] {
  let attributes = version.attributes.get(name);
  if (!attributes) {
    const code = version.classes.get(name);
    if (code === undefined) throw new Error(`the package has no class ${name}`);
    const [, map] = /_attribute_map = \{(.*?)\n {4}\}/s.exec(code) ?? [];
    const [, parent] = /^\w+\((\w+)\):/.exec(code) ?? [];
    if (map === undefined && parent !== undefined && version.classes.has(parent)) return attributesOf(version, parent);
    const [, rules = ""] = /_validation = \{(.*?)\n {4}\}/s.exec(code) ?? [];
    const rule = new Map([...rules.matchAll(/"(\w+)": \{([^}]*)\}/g)].map(([, key, value]) => [key, value as string]));
    attributes = [...(map ?? "").matchAll(/"(\w+)":\s*\{\s*"key": "([^"]+)",\s*"type": "([^"]+)",?\s*\}/g)].map(
      ([, key = "", path = "", type = ""]) => {
        const [, enumeration] = new RegExp(`:vartype ${key}:\\s+(?:list\\[)?str or\\s+~[\\w.]+\\.(\\w+)`).exec(code) ?? [];
        const limits = rule.get(key) ?? "";
        const number = (of: string) => {
          const [, value] = new RegExp(`"${of}": (-?\\d+)`).exec(limits) ?? [];
          return value === undefined ? undefined : Number(value);
        };
        return {
          // a dot within a name has a backslash
          path: path.split(/(?<!\\)\./).map((part) => part.replaceAll("\\", "")),
          type,
          enumeration: OUTDATED.includes(enumeration) ? undefined : enumeration,
          isReadOnly: /"readonly": True/.test(limits),
          isRequired: /"required": True/.test(limits),
          least: number("minimum") ?? number("min_items") ?? number("min_length"),
          most: number("maximum") ?? number("max_items") ?? number("max_length"),
          pattern: /"pattern": r"([^"]+)"/.exec(limits)?.[1],
        };
      },
    );
    version.attributes.set(name, attributes);
  }
  return attributes;
}

function checkObject(version: Version, name: string, value: unknown, path: string, reading: Reading): void {
  if (name === "object" || name === "JSON") return;
  if (!isObject(value)) return reading.refuse(path, `${shown(value)}, not an object of ${name}`);
  checkLevel(version, name, attributesOf(version, name), value, path, reading);
}

/** One level of an object: the members that begin a longer path, such as `properties`, are levels below it. */
function checkLevel(
  version: Version,
  name: string,
  attributes: readonly Attribute[],
  value: Readonly<Record<string, unknown>>,
  path: string,
  reading: Reading,
): void {
  const at = (member: string) => (path === "" ? member : `${path}.${member}`);
  const byFirst = Map.groupBy(attributes, ({ path: [first] }) => first as string);
  for (const [first, below] of byFirst)
    for (const { path: names, isReadOnly, isRequired } of below) {
      if (names.length > 1 || isReadOnly) continue;
      reading.known.add(at(first));
      if (isRequired && (value[first] === undefined || value[first] === null)) reading.refuse(at(first), `missing in ${name}`);
    }
  for (const [member, inner] of Object.entries(value)) {
    const known = byFirst.get(member);
    if (!known) {
      reading.refuse(at(member), `not in ${name}`);
      continue;
    }
    const [whole] = known.filter(({ path: names }) => names.length === 1);
    if (!whole) {
      if (!isObject(inner)) reading.refuse(at(member), `${shown(inner)}, not an object`);
      else
        checkLevel(
          version,
          name,
          known.map((each) => ({ ...each, path: each.path.slice(1) })),
          inner,
          at(member),
          reading,
        );
      continue;
    }
    if (whole.isReadOnly) reading.refuse(at(member), `read only in ${name}`);
    reading.seen.add(at(member));
    if (inner !== null) checkValue(version, whole, whole.type, inner, at(member), reading);
  }
}

function checkValue(version: Version, attribute: Attribute, type: string, value: unknown, path: string, reading: Reading): void {
  const refuse = (what: string) => reading.refuse(path, `${shown(value)}, ${what}`);
  const between = (count: number, of: string) => {
    const { least = count, most = count } = attribute;
    if (count < least || count > most) refuse(`which is not ${least} to ${most} ${of}`);
  };
  const [, item] = /^\[(.+)\]$/.exec(type) ?? [];
  const [, mapped] = /^\{(.+)\}$/.exec(type) ?? [];
  const plain = { ...attribute, least: undefined, most: undefined };
  if (item !== undefined) {
    if (!Array.isArray(value)) return refuse("not a list");
    between(value.length, "items");
    for (const each of value) checkValue(version, plain, item, each, `${path}[]`, reading);
  } else if (mapped !== undefined) {
    if (!isObject(value)) return refuse("not a map");
    for (const each of Object.values(value)) checkValue(version, plain, mapped, each, `${path}{}`, reading);
  } else if (type === "str") {
    if (typeof value !== "string") return refuse("not a string");
    const values = version.enumerations.get(attribute.enumeration ?? "");
    // Microsoft's clients take them in any case, and so does Azure
    if (values && ![...values].some((each) => each.toLowerCase() === value.toLowerCase())) return refuse(oneOf(values));
    between([...value].length, "characters");
    if (attribute.pattern !== undefined && !new RegExp(attribute.pattern).test(value)) refuse(`which does not match ${attribute.pattern}`);
  } else if (type === "int" || type === "long") {
    if (!Number.isSafeInteger(value)) return refuse("not an integer");
    between(value as number, "");
  } else if (type === "float") {
    if (typeof value !== "number") refuse("not a number");
  } else if (type === "bool") {
    if (typeof value !== "boolean") refuse("not a boolean");
  } else if (/^(iso-8601|rfc-1123|date|duration|bytearray|time)$/.test(type)) {
    if (typeof value !== "string") refuse("not a text");
  } else checkObject(version, type, value, path, reading);
}
