import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";

/** The program that the engine starts. */
export const PLUGIN = "pulumi-resource-linuxkit";

/** The lines of Pulumi.yaml that name the plugin, as a reader types them. */
export const STANZA = "plugins: { providers: [{ name: linuxkit, path: node_modules/pulumi-linuxkit/bin }] }";

/** Where the engine finds the plugin, or why it does not. */
export type PluginSearch =
  | { readonly found: string }
  /** `folder` is what the file names; undefined where the file names no plugin. `file` is undefined where there is no project. */
  | { readonly found?: undefined; readonly file: string | undefined; readonly folder?: string };

/**
 * Seeks the plugin as the engine does: in the folder that Pulumi.yaml names, on PATH, and among the installed plugins. Sources: Pulumi,
 * "Pulumi project file" (`plugins`, `packages`), and sdk/go/common/workspace/plugins.go, `getPluginPath`.
 *
 * @param projectDir the project's folder, or one below it
 */
export function findPlugin(projectDir: string, env: NodeJS.ProcessEnv): PluginSearch {
  const file = projectFile(resolve(projectDir));
  const { plugins, packages } = file === undefined ? {} : ((parse(readFileSync(file, "utf8")) ?? {}) as Project);
  const path = plugins?.providers?.find(({ name }) => name === "linuxkit")?.path;
  if (file !== undefined && path !== undefined) {
    const folder = resolve(dirname(file), path);
    return isProgram(folder) ? { found: join(folder, PLUGIN) } : { file, folder };
  }
  if (file !== undefined && packages && Object.hasOwn(packages, "linuxkit")) return { found: file };
  const onPath = (env["PATH"] ?? "").split(delimiter).find((folder) => folder !== "" && isProgram(folder));
  if (onPath !== undefined) return { found: join(onPath, PLUGIN) };
  const installed = installedPlugin(env);
  return installed === undefined ? { file } : { found: installed };
}

interface Project {
  readonly plugins?: { readonly providers?: readonly { readonly name?: string; readonly path?: string }[] };
  readonly packages?: Readonly<Record<string, unknown>>;
}

/** The project's file in a folder or above it, as the engine looks for it. */
export function projectFile(folder: string): string | undefined {
  const name = ["Pulumi.yaml", "Pulumi.yml"].find((one) => existsSync(join(folder, one)));
  if (name !== undefined) return join(folder, name);
  return dirname(folder) === folder ? undefined : projectFile(dirname(folder));
}

/** What `pulumi plugin install` has put into Pulumi's home. */
function installedPlugin(env: NodeJS.ProcessEnv): string | undefined {
  const folder = join(env["PULUMI_HOME"] || join(homedir(), ".pulumi"), "plugins");
  const name = existsSync(folder)
    ? readdirSync(folder).find((one) => /^resource-linuxkit-v[^/]*$/.test(one) && !/\.(lock|partial)$/.test(one))
    : undefined;
  return name === undefined ? undefined : join(folder, name);
}

function isProgram(folder: string): boolean {
  // on Windows the engine takes NAME.exe and NAME.cmd
  return ["", ".cmd", ".exe"].some((ending) => {
    try {
      accessSync(join(folder, `${PLUGIN}${ending}`), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
