import ts from "typescript";

/** A member of a public type, at its declaration in a `.d.ts` file. */
export interface PublicField {
  /** How a program reaches it: `ServiceArgs.health.http`. */
  readonly path: string;
  /** The interface or class that declares it; empty for a type without a name. */
  readonly owner: string;
  readonly file: string;
  /** Offset of its name in the file. */
  readonly at: number;
  readonly optional: boolean;
  /** Whether its type says by itself what may be written: true or false, a closed set of words, or a documented type. */
  readonly plain: boolean;
}

/** Every member that a program can reach from the exports of these files, each declaration once; of the package's own folder only. */
export function publicFields(program: ts.Program, entries: readonly string[], folder: string): PublicField[] {
  const checker = program.getTypeChecker();
  const seenTypes = new Set<ts.Type>();
  const found = new Map<string, PublicField>();

  const walkAll = (types: readonly ts.Type[], path: string): void => {
    for (const type of types) walk(type, path);
  };
  const walk = (type: ts.Type, path: string): void => {
    // a type may hold itself, as JSON does
    if (seenTypes.has(type)) return;
    if (type.isUnion() || checker.isArrayType(type) || checker.isTupleType(type)) seenTypes.add(type);
    if (type.isUnion()) return walkAll(type.types, path);
    if (checker.isArrayType(type) || checker.isTupleType(type))
      return walkAll(checker.getTypeArguments(type as ts.TypeReference), `${path}[]`);
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return;
    seenTypes.add(type);
    for (const { type: value } of checker.getIndexInfosOfType(type)) walk(value, `${path}.*`);
    for (const member of checker.getPropertiesOfType(type)) {
      const [declaration] = member.declarations ?? [];
      const name = declaration && ts.getNameOfDeclaration(declaration);
      if (!declaration || !name || ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name)) continue;
      const { fileName } = declaration.getSourceFile();
      // what Pulumi's classes and the runtime's types have is documented there
      if (!fileName.startsWith(folder)) continue;
      const memberType = checker.getTypeOfSymbol(member);
      const key = `${fileName}:${name.getStart()}`;
      if (!found.has(key)) {
        found.set(key, {
          path: `${path}.${member.name}`,
          owner: ownerOf(declaration),
          file: fileName,
          at: name.getStart(),
          optional: Boolean((declaration as ts.PropertySignature).questionToken),
          plain: isPlain(checker, memberType),
        });
      }
      walk(memberType, `${path}.${member.name}`);
    }
  };
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      walk(checker.getDeclaredTypeOfSymbol(symbol), exported.name);
      if (symbol.valueDeclaration && !(symbol.flags & ts.SymbolFlags.Class)) walk(checker.getTypeOfSymbol(symbol), exported.name);
    }
  }
  return [...found.values()];
}

function ownerOf(declaration: ts.Declaration): string {
  const owner = ts.findAncestor(declaration, (node) => ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node));
  return owner?.name?.getText() ?? "";
}

/** Whether no part of a type is a text, a number, or a list of either: those need an example. */
function isPlain(checker: ts.TypeChecker, type: ts.Type): boolean {
  const parts = type.isUnion() ? type.types : [type];
  return parts.every((part) => {
    if (part.flags & (ts.TypeFlags.String | ts.TypeFlags.Number)) return false;
    const item = checker.isArrayType(part) ? checker.getTypeArguments(part as ts.TypeReference)[0] : undefined;
    return item === undefined || isPlain(checker, item);
  });
}
