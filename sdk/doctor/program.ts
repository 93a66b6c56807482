import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { LinuxKitError } from "../core/errors.ts";
import type { ProgramRun, Registered, RunRequest } from "./program-run.ts";

/** Milliseconds that a program may take. */
const RUN_MS = 120_000;

/** A module of a program, and its project. */
export interface Program {
  readonly file: string;
  /** The project's folder. */
  readonly folder: string;
  readonly project: string;
  readonly config: Readonly<Record<string, string>>;
}

/**
 * Finds a program and its configuration.
 *
 * @param path the module, or the project's folder, whose package.json names it
 * @param stack whose `Pulumi.STACK.yaml` is read; secrets in it become the word `secret`
 * @param given pairs that take precedence; a key without a project is the program's own
 * @throws NOT_FOUND
 */
export async function findProgram(path: string, stack: string | undefined, given: Readonly<Record<string, string>>): Promise<Program> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw missing(path);
  const folder = resolve(found.isDirectory() ? path : dirname(path));
  const file = found.isDirectory() ? await mainOf(folder) : resolve(path);
  const project = ((await yamlOf(join(folder, "Pulumi.yaml"))) as { readonly name?: string } | undefined)?.name ?? "project";
  const settings = stack === undefined ? undefined : await yamlOf(join(folder, `Pulumi.${stack}.yaml`));
  if (stack !== undefined && settings === undefined) throw missing(join(folder, `Pulumi.${stack}.yaml`));
  const ofStack = (settings as { readonly config?: Readonly<Record<string, unknown>> } | undefined)?.config ?? {};
  const all = { ...Object.fromEntries(Object.entries(ofStack).map(([key, value]) => [key, plain(value)])), ...given };
  const config = Object.fromEntries(Object.entries(all).map(([key, value]) => [key.includes(":") ? key : `${project}:${key}`, value]));
  return { file, folder, project, config };
}

/** Runs a program without an engine: it reaches no cloud, and creates nothing. @throws INVALID_DEFINITION with what it says */
export async function runProgram(program: Program, answers: RunRequest["answers"], signal: AbortSignal): Promise<readonly Registered[]> {
  const { file, project, config } = program;
  const script = fileURLToPath(new URL(`./run-program${extname(import.meta.url)}`, import.meta.url));
  const request = { project, stack: "doctor", config, answers } satisfies RunRequest;
  const child = spawn(process.execPath, [script, file, JSON.stringify(request)], {
    cwd: dirname(file),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(RUN_MS)]),
  });
  const said: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  const run = await new Promise<ProgramRun | undefined>((done) => {
    let result: ProgramRun | undefined;
    child.on("message", (message) => {
      result = message as ProgramRun;
    });
    child.on("error", () => {});
    child.on("close", () => done(result));
  });
  signal.throwIfAborted();
  const failure = run
    ? run.failures[0]
    : Buffer.concat(said).toString().trim().split("\n").at(-1) || "it ended before its end, or took more than 120 s";
  if (failure === undefined && run) return run.resources;
  throw new LinuxKitError("INVALID_DEFINITION", `${file}: ${failure}`, { path: file });
}

function missing(path: string): LinuxKitError {
  return new LinuxKitError("NOT_FOUND", `file not found: ${resolve(path)}`, { what: path });
}

async function mainOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}");
  const { main } = JSON.parse(text) as { readonly main?: string };
  const named = main === undefined ? [] : [join(folder, main), join(folder, main, "index.ts")];
  for (const path of [...named, join(folder, "index.ts"), join(folder, "index.js")])
    if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  throw missing(join(folder, "index.ts"));
}

async function yamlOf(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : parse(text);
}

/** A value of a stack's file as the engine passes it. Source: Pulumi, "Configuration", `Pulumi.<stack-name>.yaml`. */
function plain(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.hasOwn(value, "secure") ? "secret" : JSON.stringify(value);
}
