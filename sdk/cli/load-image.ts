import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ARCHES, type Arch, isArch } from "../core/arch.ts";
import { isDeferred } from "../core/deferred.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { Image } from "../definition/image.ts";
import { UsageError } from "./command.ts";
import { readText, STANDARD_INPUT } from "./text-file.ts";

/** The architecture that `--arch` names. @throws UsageError */
export function archOption(text: string): Arch {
  if (!isArch(text)) throw new UsageError(`--arch: got "${text}", wanted one of ${ARCHES.join(", ")}`);
  return text;
}

/**
 * The image that a file defines.
 *
 * @param file LinuxKit YAML (`.yml`, `.yaml`, or `-` for standard input), or a module that exports an Image
 * @param name the export to take @default the only one, or `default`
 * @throws NOT_FOUND, INVALID_DEFINITION, UsageError
 */
export async function loadImage(file: string, name: string | undefined): Promise<Image> {
  if (file === STANDARD_INPUT) return Image.fromYaml(await readText(file), { sources: ["standard input"] });
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new LinuxKitError("NOT_FOUND", `file not found: ${resolve(file)}`, { what: file });
  if (found.isDirectory())
    throw new UsageError(`got the folder ${file}, wanted a file: LinuxKit YAML, or a module as ${join(file, "index.ts")}`);
  if (/\.ya?ml$/.test(file)) return Image.fromYaml(await readText(file), { sources: [file] });
  const exported = await loadModule(file);
  const images = Object.entries(exported).filter((entry): entry is [string, Image] => isImage(entry[1]));
  const chosen = name === undefined && images.length === 1 ? images[0] : images.find(([key]) => key === (name ?? "default"));
  if (chosen) return chosen[1];
  const names = images.map(([key]) => key).join(", ");
  if (names === "") throw new UsageError(`${file} exports no Image: write \`export const os = new Image({ … })\``);
  throw new UsageError(
    name === undefined
      ? `${file} exports several images: choose one with --image: ${names}`
      : `--image: ${file} exports no Image "${name}", wanted one of ${names}`,
  );
}

// compared by kind, not by class: a program may have another copy of this package than the one that runs here
function isImage(value: unknown): value is Image {
  return typeof value === "object" && value !== null && !isDeferred(value) && (value as Partial<Image>).kind === "image";
}

/** What Node says of a module that it cannot load, by its code, and what to do (Node.js API, "Errors"). */
const UNLOADABLE: Readonly<Record<string, string>> = {
  ERR_MODULE_NOT_FOUND: "install the package, or write a relative path with its ending, as ./base.ts",
  ERR_UNSUPPORTED_DIR_IMPORT: "name the file in the folder, as ./base/index.ts",
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    "Node only removes types: write a union or a constant object instead of an enum, and a member instead of a parameter property",
  ERR_INVALID_TYPESCRIPT_SYNTAX: "mend the syntax there",
  ERR_UNKNOWN_FILE_EXTENSION: "wanted LinuxKit YAML (.yml, .yaml), or a module (.ts, .js)",
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: "move it out of node_modules, or compile it",
};

async function loadModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    if (isLinuxKitError(error)) throw error;
    const { code = "", message, name, stack = "" } = error as NodeJS.ErrnoException;
    const [line = message] = message.split("\n");
    const refuse = (problem: string): LinuxKitError =>
      new LinuxKitError("INVALID_DEFINITION", `${file}: ${problem}`, { path: file }, { cause: error });
    if (/Pulumi (?:engine|program)|pulumi\.Config|Missing required configuration|Program run without the Pulumi/i.test(message))
      throw refuse(
        `it is a Pulumi program, which only \`pulumi up\` runs: ${line}; export the Image from a module of its own, with "" for each secret, and give the secrets to the Machine (docs/command-line.md, "One definition for Pulumi and the shell")`,
      );
    if (code in UNLOADABLE)
      throw refuse(`cannot be loaded: ${line.replaceAll(pathToFileURL(resolve(file)).href, file)}: ${UNLOADABLE[code]}`);
    // Node puts the place of a syntax error on the first line of the stack
    if (name === "SyntaxError") throw refuse(`not a module: ${line} (${(stack.split("\n")[0] ?? "").replace(/^file:\/\//, "")})`);
    throw refuse(`it failed: ${name}: ${line}${placeIn(stack, file)}`);
  }
}

/** Where in the file an error was thrown: ` (line 7)`. */
function placeIn(stack: string, file: string): string {
  const [, line] = stack.split(pathToFileURL(resolve(file)).href)[1]?.match(/^:(\d+)/) ?? [];
  return line === undefined ? "" : ` (line ${line})`;
}
