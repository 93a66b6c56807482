import { access, constants, readFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { type Finding, findingsOf } from "./finding.ts";

const PLUGIN = "pulumi-resource-linuxkit";

const LINES = "add to Pulumi.yaml: `plugins: { providers: [{ name: linuxkit, path: node_modules/pulumi-linuxkit/bin }] }`";

/** Whether the engine finds the plugin: by the project's Pulumi.yaml, else on PATH. Source: Pulumi, "Pulumi project file", `plugins`. */
export async function stanza(projectDir: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { ok, warning, refused } = findingsOf("plugin");
  const file = await projectFile(resolve(projectDir));
  if (file === undefined) {
    const installed = await found((env.PATH ?? "").split(delimiter).filter(Boolean));
    if (installed) return ok(PLUGIN, installed);
    return warning("Pulumi.yaml", `not found in ${resolve(projectDir)} or above`, "run this in the folder of your Pulumi project");
  }
  const { plugins } = (parse(await readFile(file, "utf8")) ?? {}) as Project;
  const path = plugins?.providers?.find(({ name }) => name === "linuxkit")?.path;
  if (path === undefined) {
    const installed = await found((env.PATH ?? "").split(delimiter).filter(Boolean));
    return installed ? ok(PLUGIN, installed) : refused(file, "names no plugin linuxkit, and none is on PATH", LINES);
  }
  const folder = resolve(dirname(file), path);
  return (await found([folder]))
    ? ok(PLUGIN, join(folder, PLUGIN))
    : refused(file, `the plugin linuxkit is not in ${folder}`, "run `npm install` in the project's folder, or mend the path");
}

interface Project {
  readonly plugins?: { readonly providers?: readonly { readonly name?: string; readonly path?: string }[] };
}

/** The project's file in a folder or above it, as the engine looks for it. */
async function projectFile(folder: string): Promise<string | undefined> {
  for (const name of ["Pulumi.yaml", "Pulumi.yml"]) {
    const path = join(folder, name);
    if (await is(path, constants.R_OK)) return path;
  }
  return dirname(folder) === folder ? undefined : projectFile(dirname(folder));
}

async function found(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) if (await is(join(folder, PLUGIN), constants.X_OK)) return join(folder, PLUGIN);
  return undefined;
}

function is(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
