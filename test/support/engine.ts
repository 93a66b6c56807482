import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { startServer } from "../../sdk/plugin/serve.ts";
import { endGroup, type Operation, type Outcome, startOperation } from "./engine-operation.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The commands that write a log of their events. */
const OPERATIONS = ["up", "preview", "refresh", "destroy", "import"];

export interface StackOptions {
  /** The program's files by name; `index.js` is run, as an ES module, unless their package.json says otherwise. */
  readonly files?: Readonly<Record<string, string>>;
  /** A folder that is copied into the project before those files, without its node_modules. Its own Pulumi.yaml stays. */
  readonly folder?: string;
  /** The project's node_modules. @default the compiled package, and Pulumi's SDK from the repository */
  readonly modules?: string;
  /** Served by this process and attached to the engine, so a test sees its calls. Without it, `plugin` is started. */
  readonly provider?: Provider;
  /** Served by this process as well: stand-ins for the clouds' providers. */
  readonly others?: readonly Provider[];
  /** The folder that holds `pulumi-resource-linuxkit`. @default the package's `bin`, which runs the compiled code */
  readonly plugin?: string;
  /** Configuration of the stack, such as `linuxkit:debianMirror` or `subnetIds[0]`; `secret:` before a value makes it a secret. */
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  /** Folders with more programs for the engine, before all others. @default none */
  readonly programs?: readonly string[];
  /** Milliseconds after which an operation is killed. @default 240_000 */
  readonly longestMs?: number;
}

/** A project with one stack on the real engine, in a folder of its own that is deleted with it: `await using`. */
export interface Stack {
  readonly directory: string;
  /** The folder of the backend's state, Pulumi's home and the project. */
  readonly home: string;
  /** Replaces or adds a file of the program. */
  write(name: string, text: string): Promise<void>;
  /** Names the backend in another way from the next command on. */
  spell(backend: string): void;
  /** Starts a command: `start("up", "--yes")`. */
  start(...args: string[]): Operation;
  /** Runs a command to its end, also where it fails. */
  run(...args: string[]): Promise<Outcome>;
  /** As {@link run}; throws when it fails. */
  must(...args: string[]): Promise<Outcome>;
  up(): Promise<Outcome>;
  /** A preview with `--diff`, as a reviewer reads it. */
  preview(): Promise<Outcome>;
  refresh(): Promise<Outcome>;
  destroy(): Promise<Outcome>;
  outputs(): Promise<Record<string, unknown>>;
  /** The state as the backend keeps it, with secrets encrypted. */
  stateText(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

let engineFolders: string | undefined;

/** The folders that hold the engine's programs; installs the engine if it is missing. */
function engine(): string {
  engineFolders ??= execFileSync(process.execPath, [join(ROOT, "scripts", "engine.mjs")], {
    encoding: "utf8",
    timeout: 1_800_000,
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  return engineFolders;
}

/** Lays out a project, makes its stack `test`, and serves its provider. */
export async function makeStack(options: StackOptions): Promise<Stack> {
  const home = await mkdtemp(join(tmpdir(), "linuxkit-engine-"));
  const directory = join(home, "project");
  await layOut(directory, options);
  for (const name of ["state", "pulumi", "tmp"]) await mkdir(join(home, name));
  // this process serves the plugin, so it needs the CI setting of the engine's environment below for the same progress
  process.env.CI = "";
  const providers = [...(options.provider ? [options.provider] : []), ...(options.others ?? [])];
  const serving = await Promise.all(providers.map((provider) => startServer(provider)));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: [...(options.programs ?? []), join(ROOT, "node_modules", ".bin"), engine(), process.env.PATH].join(delimiter),
    PULUMI_HOME: join(home, "pulumi"),
    // an interrupted engine leaves pipes there
    TMPDIR: join(home, "tmp"),
    PULUMI_BACKEND_URL: `file://${join(home, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "correct horse battery staple",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // an operation may write a log of its events
    PULUMI_DEBUG_COMMANDS: "true",
    NO_COLOR: "1",
    CI: "",
    ...(serving.length > 0 && { PULUMI_DEBUG_PROVIDERS: providers.map(({ name }, index) => `${name}:${serving[index]?.port}`).join() }),
    ...options.env,
  };
  const started = new Map<number, Promise<unknown>>();
  let count = 0;

  const start = (...args: string[]): Operation => {
    const eventLog = OPERATIONS.includes(args[0] ?? "") ? join(home, `events-${++count}.json`) : undefined;
    const operation = startOperation(args, { cwd: directory, env, eventLog, longestMs: options.longestMs });
    started.set(
      operation.pid,
      operation.outcome.catch(() => {}).finally(() => started.delete(operation.pid)),
    );
    return operation;
  };
  const run = (...args: string[]): Promise<Outcome> => start(...args).outcome;
  const must = async (...args: string[]): Promise<Outcome> => {
    const outcome = await run(...args);
    if (outcome.status !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${outcome.status}\n${outcome.text}`);
    return outcome;
  };
  const dispose = async (): Promise<void> => {
    for (const pid of started.keys()) endGroup(pid, "SIGKILL");
    await Promise.all(started.values());
    await Promise.all(serving.map(({ stop }) => stop()));
    await rm(home, { recursive: true, force: true });
  };
  try {
    await must("stack", "init", "test");
    for (const [key, value] of Object.entries(options.config ?? {})) {
      const isSecret = value.startsWith("secret:");
      await must(
        "config",
        "set",
        ...(key.includes("[") ? ["--path"] : []),
        key,
        isSecret ? value.slice("secret:".length) : value,
        isSecret ? "--secret" : "--plaintext",
      );
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    directory,
    home,
    write: (name, text) => writeFile(join(directory, name), text),
    spell: (backend) => {
      env.PULUMI_BACKEND_URL = backend;
    },
    start,
    run,
    must,
    up: () => must("up", "--yes", "--skip-preview"),
    preview: () => must("preview", "--diff"),
    refresh: () => must("refresh", "--yes", "--skip-preview"),
    destroy: () => must("destroy", "--yes", "--skip-preview"),
    outputs: async () => JSON.parse((await must("stack", "output", "--json", "--show-secrets")).stdout) as Record<string, unknown>,
    stateText: async () => {
      const stacks = join(home, "state", ".pulumi", "stacks");
      const [project = ""] = await readdir(stacks);
      return readFile(join(stacks, project, "test.json"), "utf8");
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** A folder with a `pulumi-resource-linuxkit` that runs a module of the tests. The engine starts it like the real plugin. */
export async function makePluginFolder(folder: string, module: URL): Promise<string> {
  await mkdir(folder, { recursive: true });
  const script = join(folder, "pulumi-resource-linuxkit");
  await writeFile(script, `#!/usr/bin/env node\nimport(${JSON.stringify(module.href)});\n`);
  await chmod(script, 0o755);
  return folder;
}

async function layOut(
  directory: string,
  { files = {}, folder, modules, provider, plugin = join(ROOT, "bin") }: StackOptions,
): Promise<void> {
  await mkdir(directory);
  if (modules) await symlink(modules, join(directory, "node_modules"));
  else {
    await mkdir(join(directory, "node_modules"));
    await symlink(join(ROOT, "node_modules", "@pulumi"), join(directory, "node_modules", "@pulumi"));
    await symlink(ROOT, join(directory, "node_modules", "pulumi-linuxkit"));
  }
  await writeFile(join(directory, "package.json"), JSON.stringify({ name: "probe", private: true, type: "module", main: "index.js" }));
  if (folder) {
    for (const name of await readdir(folder))
      if (name !== "node_modules") await cp(join(folder, name), join(directory, name), { recursive: true });
  }
  const isWhole = folder !== undefined && (await readdir(folder)).includes("Pulumi.yaml");
  const providers = provider ? [] : ["plugins:", "  providers:", "    - name: linuxkit", `      path: ${plugin}`];
  if (!isWhole) await writeFile(join(directory, "Pulumi.yaml"), ["name: probe", "runtime: nodejs", ...providers, ""].join("\n"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}
