import { containersOf, type Definition, type FileSpec, type Phase } from "../definition/definition.ts";
import { call, Code, literal } from "./literal.ts";
import type { YamlComments } from "./yaml-comments.ts";

export interface ProgramOptions {
  /** The name of the constant and of the resource. @default "os" */
  readonly name?: string | undefined;
  /** The names of the YAML files, for the comment above the constant. */
  readonly source: string;
  /** Whether the program also declares an ImageBuild resource. @default false */
  readonly resource?: boolean | undefined;
  /** Comments, which are written above what they stand at. @default none */
  readonly comments?: YamlComments | undefined;
}

const CLASS_OF: Readonly<Record<Phase, string>> = { onboot: "OnbootTask", onshutdown: "OnshutdownTask", services: "Service" };

/** The source of a TypeScript module that makes a definition. Leaves out fields that have their default. */
export function programOf(definition: Definition, { name = "os", source, resource = false, comments }: ProgramOptions): string {
  const { kernel, init, volumes, files, healthPort, api, harden } = definition;
  const containers = containersOf(definition);
  const classes = new Set<string>(["Image", ...(resource ? ["ImageBuild"] : [])]);
  const make = (kind: string, ...args: unknown[]): Code => {
    classes.add(kind);
    return call(kind, args, 4);
  };
  const phase = (wanted: Phase): Code[] =>
    containers
      .filter((placed) => placed.phase === wanted)
      .map(({ name: own, index, container: { image, ...fields } }) =>
        commented(comments, `${wanted} ${wanted === "services" ? own : index}`, make(CLASS_OF[wanted], own, { image, ...fields })),
      );
  const args = {
    ...(kernel && { kernel: kernelOf(kernel, classes) }),
    ...list("init", init),
    ...list("onboot", phase("onboot")),
    ...list("onshutdown", phase("onshutdown")),
    ...list("services", phase("services")),
    ...list(
      "volumes",
      Object.entries(volumes).map(([own, volume]) => commented(comments, `volumes ${own}`, make("Volume", own, ...volumeArgs(volume)))),
    ),
    ...list(
      "files",
      files.map((file, index) => commented(comments, `files ${index}`, make("File", file.path, fileOf(file)))),
    ),
    ...(healthPort !== undefined && { healthPort }),
    ...(api !== undefined && { api }),
    ...(harden !== undefined && { harden }),
  };
  const lines = [
    `import { ${[...classes].sort().join(", ")} } from "pulumi-linuxkit";`,
    "",
    ...(comments?.head ?? []).map((line) => `// ${line}`),
    `/** From ${source}. */`,
    `export const ${name} = new Image(${imageLiteral(args, comments)});`,
  ];
  if (resource) lines.push("", `export const build = new ImageBuild(${literal(name)}, { image: ${name} });`);
  return `${lines.join("\n")}\n`;
}

/** A part with the comments of its item above it. */
function commented(comments: YamlComments | undefined, item: string, part: Code): Code {
  return new Code([...(comments?.items.get(item) ?? []).map((line) => `// ${line}`), part.text].join("\n    "));
}

// each section has its own line, however short, and so does each item of a list of parts
function imageLiteral(args: Readonly<Record<string, unknown>>, comments: YamlComments | undefined): string {
  const lines = Object.entries(args).map(([section, value]) => {
    const parts = Array.isArray(value) && value.some((item) => item instanceof Code);
    const text = parts ? `[\n${(value as Code[]).map((item) => `    ${item.text},\n`).join("")}  ]` : literal(value, 2, section.length + 4);
    // the images of the init have no lines of their own
    const above = [...(comments?.sections.get(section) ?? []), ...(parts ? [] : itemsIn(comments, section))];
    return `${above.map((line) => `  // ${line}\n`).join("")}  ${section}: ${text},\n`;
  });
  return lines.length === 0 ? "{}" : `{\n${lines.join("")}}`;
}

function itemsIn(comments: YamlComments | undefined, section: string): string[] {
  return [...(comments?.items ?? [])].flatMap(([item, lines]) => (item.startsWith(`${section} `) ? lines : []));
}

function kernelOf({ image, cmdline, binary, tar, ucode }: NonNullable<Definition["kernel"]>, classes: Set<string>): Code {
  classes.add("Kernel");
  const fields = {
    image,
    ...(cmdline !== "" && { cmdline }),
    ...(binary !== "kernel" && { binary }),
    ...(tar !== "kernel.tar" && { tar }),
    ...(ucode !== "" && { ucode }),
  };
  return call("Kernel", [fields], 2);
}

function volumeArgs({ image, readonly, format, platforms, persistent }: Definition["volumes"][string]): object[] {
  const args = {
    ...(image !== undefined && { image }),
    ...(readonly && { readonly }),
    ...(format !== "filesystem" && { format }),
    ...(platforms.length > 0 && { platforms }),
    ...(persistent && { persistent }),
  };
  return Object.keys(args).length > 0 ? [args] : [];
}

function fileOf({ path: _, mode, uid, gid, ...rest }: FileSpec): object {
  return { ...rest, ...(mode !== (rest.directory ? "0700" : "0600") && { mode }), ...(uid !== 0 && { uid }), ...(gid !== 0 && { gid }) };
}

function list(section: string, items: readonly unknown[]): object {
  return items.length > 0 ? { [section]: items } : {};
}
