import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { CheckFailure } from "../../sdk/plugin/resource-type.ts";
import { isProperties, type Properties, UNKNOWN, type Value } from "../../sdk/plugin/value.ts";

/** What a property may hold, from its declaration. */
type Kind =
  | { readonly kind: "anything" }
  | { readonly kind: "string" | "number" | "boolean" }
  | { readonly kind: "one of"; readonly values: readonly Value[] }
  | { readonly kind: "list" | "map"; readonly of: Kind }
  /** An interface of types/input.d.ts, by namespace and name: `ec2.AmiEbsBlockDevice`. */
  | { readonly kind: "object"; readonly name: string }
  | { readonly kind: "either"; readonly options: readonly Kind[] };

/** The members of an interface, by name. */
type Shape = ReadonlyMap<string, { readonly required: boolean; readonly kind: Kind }>;

/**
 * The arguments of a cloud's Pulumi package, read from its declarations. They serve the stand-ins as a schema, which the npm
 * packages lack. One namespace of `types/input.d.ts` is read at a time, on demand.
 */
export class PulumiArguments {
  readonly #name: string;
  readonly #root: string;
  readonly #shapes = new Map<string, Shape>();
  readonly #sources = new Map<string, ts.SourceFile>();
  #inputs: string | undefined;

  /** @param name the npm package: `@pulumi/aws` */
  constructor(name: string) {
    this.#name = name;
    this.#root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  }

  /** The package's version, which is also its provider's. */
  get version(): string {
    return (JSON.parse(this.#read("package.json")) as { version: string }).version;
  }

  /**
   * The faults of a resource's arguments, by path: undeclared members, missing members, values of another type, and values
   * that an enumeration lacks, even where the declaration allows any text.
   *
   * @param token `aws:ec2/ami:Ami`, `azure-native:compute:Disk`
   */
  wrong(token: string, given: Properties): readonly CheckFailure[] {
    const [, path = "", type = ""] = token.split(":");
    const module = path.includes("/") ? path : `${path}/${type.charAt(0).toLowerCase()}${type.slice(1)}`;
    return this.#wrongObject(given, this.#argumentShape(module, `${type}Args`), "");
  }

  #wrongObject(given: Properties, shape: Shape, path: string): CheckFailure[] {
    const at = (member: string) => (path === "" ? member : `${path}.${member}`);
    const present = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
    const wrong = present.flatMap(([member, value]) => {
      const known = shape.get(member);
      return known ? this.#wrongValue(value as Value, known.kind, at(member)) : [{ path: at(member), message: "unsupported argument" }];
    });
    const missing = [...shape].filter(([member, { required }]) => required && !present.some(([name]) => name === member));
    return [...wrong, ...missing.map(([member]) => ({ path: at(member), message: "missing required property" }))];
  }

  #wrongValue(value: Value, kind: Kind, path: string): CheckFailure[] {
    if (value === UNKNOWN) return [];
    const refused = (wanted: string) => [{ path, message: `got ${JSON.stringify(value)}, wanted ${wanted}` }];
    switch (kind.kind) {
      case "anything":
        return [];
      case "one of":
        return kind.values.includes(value) ? [] : refused(`one of ${kind.values.join(", ")}`);
      case "list":
        return Array.isArray(value)
          ? value.flatMap((item, index) => this.#wrongValue(item, kind.of, `${path}[${index}]`))
          : refused("a list");
      case "map":
        return isProperties(value)
          ? Object.entries(value).flatMap(([key, item]) => this.#wrongValue(item as Value, kind.of, `${path}.${key}`))
          : refused("a map");
      case "object":
        return isProperties(value) ? this.#wrongObject(value, this.#innerShape(kind.name), path) : refused("an object");
      case "either": {
        const each = kind.options.map((option) => this.#wrongValue(value, option, path));
        return each.find(({ length }) => length === 0) ?? each[0] ?? [];
      }
      default:
        return typeof value === kind.kind ? [] : refused(`a ${kind.kind}`);
    }
  }

  #argumentShape(module: string, name: string): Shape {
    return this.#shape(`${module}:${name}`, () => this.#source(`${module}.d.ts`, () => this.#read(`${module}.d.ts`)), name);
  }

  #innerShape(qualified: string): Shape {
    const parts = qualified.split(".");
    const [namespace, name] = [parts.slice(0, -1).join("."), parts.at(-1) as string];
    return this.#shape(qualified, () => this.#source(`inputs.${namespace}`, () => this.#namespace(namespace)), name);
  }

  #shape(key: string, source: () => ts.SourceFile, name: string): Shape {
    let shape = this.#shapes.get(key);
    if (!shape) {
      const declaration = source().statements.find(
        (statement): statement is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(statement) && statement.name.text === name,
      );
      if (!declaration) throw new Error(`${this.#name} has no ${key}`);
      const members = declaration.members.filter((member) => ts.isPropertySignature(member));
      shape = new Map(
        members.map((member) => [
          (member.name as ts.Identifier).text,
          { required: member.questionToken === undefined, kind: this.#kindOf(member.type) },
        ]),
      );
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  #kindOf(type: ts.TypeNode | undefined): Kind {
    if (!type) return { kind: "anything" };
    if (ts.isUnionTypeNode(type)) {
      const options = type.types.filter(({ kind }) => kind !== ts.SyntaxKind.UndefinedKeyword).map((option) => this.#kindOf(option));
      const listed = options.some(({ kind }) => kind === "one of");
      const left = options.filter(({ kind }) => !(listed && kind === "string"));
      return left.length === 1 ? (left[0] as Kind) : { kind: "either", options: left };
    }
    if (ts.isArrayTypeNode(type)) return { kind: "list", of: this.#kindOf(type.elementType) };
    if (ts.isTypeLiteralNode(type)) {
      const [member] = type.members;
      return { kind: "map", of: this.#kindOf(member && ts.isIndexSignatureDeclaration(member) ? member.type : undefined) };
    }
    if (ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal)) return { kind: "one of", values: [type.literal.text] };
    if (ts.isTypeReferenceNode(type)) {
      const name = type.typeName.getText();
      if (name === "pulumi.Input") return this.#kindOf(type.typeArguments?.[0]);
      if (name.startsWith("inputs.")) return { kind: "object", name: name.slice("inputs.".length) };
      if (name.startsWith("enums.") && OPEN.includes(name)) return { kind: "string" };
      if (name.startsWith("enums.")) return { kind: "one of", values: this.#enumeration(name.slice("enums.".length)) };
    }
    return KEYWORDS.get(type.kind) ?? { kind: "anything" };
  }

  /** The values of `compute.DiskCreateOption`. */
  #enumeration(qualified: string): readonly Value[] {
    const parts = qualified.split(".");
    const file = join("types/enums", ...parts.slice(0, -1), "index.d.ts");
    const source = this.#source(file, () => this.#read(file));
    const declared = source.statements
      .flatMap((statement) => (ts.isVariableStatement(statement) ? statement.declarationList.declarations : []))
      .find(({ name }) => name.getText() === parts.at(-1));
    if (declared?.type && ts.isTypeLiteralNode(declared.type))
      return declared.type.members.map((member) => JSON.parse((member as ts.PropertySignature).type?.getText() ?? "null") as Value);
    throw new Error(`${this.#name} has no enums.${qualified}`);
  }

  /** The text between a namespace's braces in types/input.d.ts: parsing the whole file, several megabytes, would be wasted. */
  #namespace(path: string): string {
    let text = (this.#inputs ??= this.#read("types/input.d.ts"));
    for (const [depth, name] of path.split(".").filter(Boolean).entries()) {
      const indent = "    ".repeat(depth);
      const [opening] = new RegExp(`^${indent}(?:export )?(?:declare )?namespace ${name} \\{\\n`, "m").exec(text) ?? [];
      if (opening === undefined) throw new Error(`${this.#name} has no namespace inputs.${path}`);
      const start = text.indexOf(opening) + opening.length;
      text = text.slice(start, text.indexOf(`\n${indent}}\n`, start));
    }
    return text;
  }

  #source(key: string, text: () => string): ts.SourceFile {
    let source = this.#sources.get(key);
    if (!source) {
      source = ts.createSourceFile(key, text(), ts.ScriptTarget.Latest, true);
      this.#sources.set(key, source);
    }
    return source;
  }

  #read(file: string): string {
    return readFileSync(join(this.#root, file), "utf8");
  }
}

/** Enumerations that declare themselves outdated: the cloud takes more values. */
const OPEN: readonly string[] = ["enums.compute.VirtualMachineSizeTypes"];

const KEYWORDS: ReadonlyMap<ts.SyntaxKind, Kind> = new Map([
  [ts.SyntaxKind.StringKeyword, { kind: "string" }],
  [ts.SyntaxKind.NumberKeyword, { kind: "number" }],
  [ts.SyntaxKind.BooleanKeyword, { kind: "boolean" }],
]);
