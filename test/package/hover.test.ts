import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { type PublicField, publicFields } from "../support/public-fields.ts";

/*
 * What an editor shows of the package: TypeScript's language service, asked as an editor asks it, of the declarations
 * that are in the package.
 */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "dist/");
const PROGRAM = join(ROOT, "test/package/program-in-an-editor.ts");

/** The declarations that package.json exports. */
const ENTRIES = Object.values(
  (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { exports: Record<string, { types?: string }> }).exports,
).flatMap(({ types }) => (types ? [join(ROOT, types)] : []));

/** A program as a user writes it, with a mark before each word that a pointer rests on. */
const TEXT = `
import { debian, File, Image, ImageBuild, Kernel, OnbootTask, Service, Volume } from "pulumi-linuxkit";
import { Machine } from "pulumi-linuxkit/qemu";
const os = new Image({
  kernel: new Kernel({ image: debian.kernel({ ?modules: [] }), ?cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.?dhcp({ ?renew: false }), ?timeout: 3, ?optional: true })],
  volumes: [new Volume("data", { ?persistent: { ?serial: "x", ?after: "dhcp" } })],
  services: [
    new Service("app", {
      image: debian.packages({ ?packages: ["nodejs"], ?dependencies: "all", ?keep: [], ?users: [{ name: "app", ?uid: 1000 }], files: [{ path: "/app", ?source: "app", mode: "0755" }], ?tmpfs: ["/tmp"] }),
      ?binds: ["/app:/app:ro"],
      ?env: [],
      ?secrets: {},
      ?egress: [{ ?to: "db", ?port: 5432 }],
      ?health: { ?http: { ?port: 3000, ?path: "/healthz" }, ?interval: 3, ?retries: 3 },
      ?restart: "always",
      ?restartLimit: { ?count: 3 },
      ?log: { ?forward: "tcp://10.0.0.5:601" },
      ?resources: { ?memory: { ?limit: 3 } },
      ?seccomp: "default",
      ?sandbox: "linuxkit",
      ?capabilities: ["CAP_CHOWN"],
    }),
  ],
  files: [new File("/app", { ?source: "app", ?mode: "0644", ?uid: 1 })],
});
new Machine("x", { ?image: os, ?publish: [], ?userData: "", ?waitForHealth: true, ?memoryMiB: 3 });
new ImageBuild("x", { ?image: os, ?format: "tar", ?update: "always" });
`;

/** What the compiler says of a mistake: a part of it, and how long it may be. */
const MISTAKES: readonly [program: string, message: RegExp][] = [
  [`new Service("a", { image: "x", retsart: "always" })`, /'retsart' does not exist in type 'ServiceArgs'/],
  [
    `new Service("a", { image: "x", health: { http: { port: "80" } } })`,
    /Type 'string' is not assignable to type 'Input<number> \| undefined'/,
  ],
  [`new Service("a", { image: "x", health: { http: { prot: 80 } } })`, /'prot' does not exist in type 'HttpCheckArgs'/],
  [
    `new Service("a", { image: "x", health: { http: { port: 80 }, tcp: { port: 80 } } })`,
    /not assignable to type '(Tcp|Http)HealthArgs'|is not assignable to type 'undefined'/,
  ],
  [`new Service("a", {})`, /Property 'image' is missing in type '\{\}' but required in type 'ServiceArgs'/],
  [
    `new Service("a", { image: "x", restart: "allways" })`,
    /'"allways"' is not assignable to type 'Input<"always" \| "on-failure" \| "never" \| undefined>/,
  ],
  [`new File("/x", { contents: "x", source: "y" })`, /is not assignable to (parameter of type 'FileArgs'|type 'undefined')/],
  [`new File("/x", { content: "x" })`, /'content' does not exist in type '\w*FileArgs'/],
  [`new Kernel({ image: "x", cmdlin: "y" })`, /'cmdlin' does not exist in type 'KernelArgs'/],
  [`new Volume("v", { persistent: { serail: "x" } })`, /'serail' does not exist in type 'PersistentArgs'/],
  [`debian.dhcp({ timeuot: 3 })`, /'timeuot' does not exist in type 'DhcpArgs'/],
  [`new ImageBuild("a", {})`, /not assignable to parameter of type 'ImageBuildArgs'/],
  [`new Machine("a", { image: os, memoryMib: 3 })`, /'memoryMib' does not exist in type 'MachineArgs'/],
];

describe("an editor", { timeout: 300_000 }, () => {
  let service: ts.LanguageService;
  let text = "";
  let fields: readonly PublicField[];

  before(() => {
    const options: ts.CompilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, types: ["node"], target: ts.ScriptTarget.ES2024 },
      ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    };
    const files = [PROGRAM, ...ENTRIES];
    const read = (file: string) => (file === PROGRAM ? text : existsSync(file) ? readFileSync(file, "utf8") : undefined);
    let version = 0;
    let last = text;
    service = ts.createLanguageService({
      getScriptFileNames: () => files,
      getScriptVersion: (file) => (file !== PROGRAM ? "1" : String(last === text ? version : ((last = text), ++version))),
      getScriptSnapshot: (file) => {
        const content = read(file);
        return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
      },
      getCurrentDirectory: () => ROOT,
      getCompilationSettings: () => options,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (file) => file === PROGRAM || ts.sys.fileExists(file),
      readFile: read,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
    fields = publicFields(service.getProgram() as ts.Program, ENTRIES, DIST);
  });

  const infoOf = (file: string, at: number) => {
    const info = service.getQuickInfoAtPosition(file, at);
    return {
      text: ts.displayPartsToString(info?.documentation),
      shown: ts.displayPartsToString(info?.displayParts),
      tags: new Map(info?.tags?.map(({ name, text }) => [name, ts.displayPartsToString(text)])),
    };
  };
  const isArgument = ({ owner }: PublicField) => /(Args|Input|Options)$/.test(owner);

  test("shows a text for every public member", () => {
    assert.ok(fields.length > 900, `${fields.length} members`);
    assert.deepEqual(
      fields.flatMap(({ path, file, at }) => (infoOf(file, at).text === "" ? [`${path} in ${file.slice(DIST.length)}`] : [])),
      [],
    );
  });

  test("shows the default of every optional argument", () => {
    const optional = fields.filter((field) => field.optional && isArgument(field));
    assert.ok(optional.length > 300, `${optional.length} optional arguments`);
    assert.deepEqual(
      optional.flatMap(({ path, file, at }) => (infoOf(file, at).tags.has("default") ? [] : [`${path} in ${file.slice(DIST.length)}`])),
      [],
    );
  });

  test("shows an example of every argument that is a text, a number or a list", () => {
    const open = fields.filter((field) => !field.plain && isArgument(field));
    assert.ok(open.length > 200, `${open.length} arguments`);
    const shows = ({ file, at }: PublicField) => {
      const { text, tags } = infoOf(file, at);
      return tags.has("example") || /[`"]/.test([text, ...tags.values()].join(" "));
    };
    assert.deepEqual(
      open.flatMap((field) => (shows(field) ? [] : [`${field.path} in ${field.file.slice(DIST.length)}`])),
      [],
    );
  });

  test("shows a text where a program uses a member, however deep", () => {
    text = TEXT.replaceAll("?", "");
    const places: number[] = [];
    for (let at = TEXT.indexOf("?"); at >= 0; at = TEXT.indexOf("?", at + 1)) places.push(at - places.length);
    assert.deepEqual(errorsOf(), []);
    assert.ok(places.length > 40, `${places.length} places`);
    for (const at of places) {
      const { text: shown } = infoOf(PROGRAM, at);
      assert.notEqual(shown, "", text.slice(at, at + 40));
    }
  });

  const errorsOf = (): string[] =>
    service.getSemanticDiagnostics(PROGRAM).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));

  for (const [program, wanted] of MISTAKES) {
    test(`names a type in a few lines for ${program}`, () => {
      const imports = TEXT.slice(0, TEXT.indexOf("const os"));
      text = `${imports}\ndeclare const os: Image;\n${program};\nvoid [debian, File, ImageBuild, Kernel, OnbootTask, Volume, Machine];\n`;
      const errors = errorsOf();
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0] ?? "", wanted);
      assert.ok((errors[0] ?? "").length < 700, `${errors[0]?.length} characters: ${errors[0]}`);
    });
  }

  test("shows examples that compile", () => {
    const lines = fields.flatMap(({ owner, file, at }) => {
      const example = infoOf(file, at).tags.get("example");
      const name = /^"[^"]+"|^\w+/.exec(readFileSync(file, "utf8").slice(at))?.[0] ?? "";
      // a generic type has no members before it is applied
      if (example === undefined || readFileSync(file, "utf8").includes(`interface ${owner}<`)) return [];
      const member = `import(${JSON.stringify(file.replace(/\.d\.ts$/, ".js"))}).${owner}[${name.startsWith('"') ? name : JSON.stringify(name)}]`;
      return [`{ const it: NonNullable<${member}> = ${example}; void it; }`];
    });
    assert.ok(lines.length > 200, `${lines.length} examples`);
    text = `import { readFileSync } from "node:fs";\nimport { Config } from "@pulumi/pulumi";\nimport { debian } from "pulumi-linuxkit";\nconst config = new Config();\nvoid [debian, config, readFileSync];\n${lines.join("\n")}\n`;
    assert.deepEqual(errorsOf(), []);
  });
});
