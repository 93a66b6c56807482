import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";
import { isProperties, type Properties, type Value } from "../../../sdk/plugin/value.ts";

const AWS = dirname(createRequire(import.meta.url).resolve("@pulumi/aws/package.json"));

/** The members of an interface of @pulumi/aws: by name, whether it is required, and the interface of what it holds. */
type Shape = ReadonlyMap<string, { readonly required: boolean; readonly inner: string | undefined }>;

let inputs: ReadonlyMap<string, ts.InterfaceDeclaration> | undefined;
const shapes = new Map<string, Shape>();

/** Interfaces of types/input.d.ts by namespace and name: `ec2.AmiEbsBlockDevice`. Read once; 8 MB of declarations. */
function inputInterfaces(): ReadonlyMap<string, ts.InterfaceDeclaration> {
  if (inputs) return inputs;
  const found = new Map<string, ts.InterfaceDeclaration>();
  const visit = (node: ts.Node, path: readonly string[]): void => {
    if (ts.isInterfaceDeclaration(node)) found.set([...path, node.name.text].join("."), node);
    else if (ts.isModuleDeclaration(node) && node.body) visit(node.body, [...path, node.name.text]);
    else if (ts.isSourceFile(node) || ts.isModuleBlock(node)) for (const statement of node.statements) visit(statement, path);
  };
  visit(parse("types/input.d.ts"), []);
  inputs = found;
  return found;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(AWS, file), "utf8"), ts.ScriptTarget.Latest, true);
}

function shapeOf(declaration: ts.InterfaceDeclaration): Shape {
  return new Map(
    declaration.members.flatMap((member) => {
      if (!ts.isPropertySignature(member)) return [];
      const name = (member.name as ts.Identifier).text;
      const inner = /\binputs\.([\w.]+)/.exec(textOf(member.type))?.[1];
      return [[name, { required: member.questionToken === undefined, inner }]];
    }),
  );
}

function textOf(node: ts.Node | undefined): string {
  return node?.getText() ?? "";
}

/** What the arguments of a resource may hold, as its declarations say: `ec2/ami` and `AmiArgs`. */
function argumentShape(module: string, name: string): Shape {
  const key = `${module}:${name}`;
  let shape = shapes.get(key);
  if (!shape) {
    const source = parse(`${module}.d.ts`);
    const declaration = source.statements.find((statement): statement is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(statement) && statement.name.text === name);
    if (!declaration) throw new Error(`@pulumi/aws has no ${name} in ${module}`);
    shape = shapeOf(declaration);
    shapes.set(key, shape);
  }
  return shape;
}

function innerShape(name: string): Shape {
  let shape = shapes.get(name);
  if (!shape) {
    const declaration = inputInterfaces().get(name);
    if (!declaration) throw new Error(`@pulumi/aws has no inputs.${name}`);
    shape = shapeOf(declaration);
    shapes.set(name, shape);
  }
  return shape;
}

/** What is wrong with the arguments of a resource, by path: members that @pulumi/aws does not know, and missing ones. */
export function wrongArguments(module: string, name: string, given: Properties): { readonly path: string; readonly message: string }[] {
  const wrong: { path: string; message: string }[] = [];
  const visit = (value: Value | undefined, shape: Shape, path: string): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item as Value, shape, `${path}[${index}]`);
    if (!isProperties(value)) return;
    for (const [member, inner] of Object.entries(value)) {
      const at = path === "" ? member : `${path}.${member}`;
      const known = shape.get(member);
      if (!known) wrong.push({ path: at, message: "unsupported argument" });
      else if (known.inner) visit(inner, innerShape(known.inner), at);
    }
    for (const [member, { required }] of shape) if (required && value[member] === undefined) wrong.push({ path: path === "" ? member : `${path}.${member}`, message: "missing required property" });
  };
  visit(given, argumentShape(module, name), "");
  return wrong;
}
