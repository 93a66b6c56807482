import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a provider exports: the members of each class and interface, as `name: type` or `name?: type`; any other export has none. */
export type Shapes = ReadonlyMap<string, readonly string[]>;

/** The clouds' own SDKs. No argument has one of their types, so leaving them out saves most of the time. */
const FOREIGN = /^(@pulumi\/(aws|gcp|azure-native)|@aws-sdk|@azure|google-auth-library)(\/|$)/;

/** Members that hold the resources of one cloud, or their transforms: described by the names in them. */
const CHILDREN: readonly string[] = ["transform", "nodes"];

/** Reads the sources of providers as the compiler does. */
export function providerShapes<Name extends string>(names: readonly Name[]): Readonly<Record<Name, Shapes>> {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const cache = ts.createModuleResolutionCache(ROOT, (name) => name, options);
  host.resolveModuleNameLiterals = (literals, file, redirected, options) =>
    literals.map(({ text }) =>
      FOREIGN.test(text) ? { resolvedModule: undefined } : ts.resolveModuleName(text, file, options, host, cache, redirected),
    );
  const entry = (name: string): string => `${ROOT}providers/${name}/index.ts`;
  const program = ts.createProgram(names.map(entry), options, host);
  const checker = program.getTypeChecker();
  return Object.fromEntries(names.map((name) => [name, shapesOf(checker, program.getSourceFile(entry(name)) as ts.SourceFile)])) as Record<
    Name,
    Shapes
  >;
}

function shapesOf(checker: ts.TypeChecker, source: ts.SourceFile): Shapes {
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source) as ts.Symbol);
  return new Map(
    exported.map((symbol) => [
      symbol.name,
      membersOf(checker, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol),
    ]),
  );
}

function membersOf(checker: ts.TypeChecker, exported: ts.Symbol): string[] {
  if (!(exported.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  // without what every Pulumi resource has
  const own = checker
    .getDeclaredTypeOfSymbol(exported)
    .getProperties()
    .filter((member) => !member.declarations?.[0]?.getSourceFile().fileName.includes("/node_modules/"));
  return own.map((member) => {
    const isOptional = (member.flags & ts.SymbolFlags.Optional) !== 0;
    return `${member.name}${isOptional ? "?" : ""}: ${typeOf(checker, member, isOptional)}`;
  });
}

function typeOf(checker: ts.TypeChecker, member: ts.Symbol, isOptional: boolean): string {
  const type = checker.getTypeOfSymbol(member);
  if (CHILDREN.includes(member.name))
    return `{ ${checker
      .getNonNullableType(type)
      .getProperties()
      .map(({ name }) => name)
      .join(", ")} }`;
  const text = checker
    .typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation)
    // inside an object the names of its members are enough
    .replace(/\breadonly (?=\w+\??:)/g, "")
    .replace(/(?<=\?: [^;]*) \| undefined(?=;)/g, "")
    .replaceAll("; }", " }")
    .replace(/NonNullable<([^<>]*) \| undefined>/g, "$1")
    // the compiler lists them in the order of first use
    .replace(/"[^"]*"(?: \| "[^"]*")+/g, (union) => union.split(" | ").sort().join(" | "));
  return isOptional ? text.replace(/ \| undefined$/, "").replace(/^\((.*)\)$/, "$1") : text;
}
