import { resolve } from "node:path";
import { findPlugin, PLUGIN, STANZA } from "../resource/find-plugin.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** Whether the engine finds the plugin. */
export function stanza(projectDir: string, env: NodeJS.ProcessEnv): Finding {
  const { ok, warning, refused } = findingsOf("plugin");
  const search = findPlugin(projectDir, env);
  if (search.found !== undefined) return ok(PLUGIN, search.found);
  const { file, folder } = search;
  if (file === undefined)
    return warning("Pulumi.yaml", `not found in ${resolve(projectDir)} or above`, "run this in the folder of your Pulumi project");
  return folder === undefined
    ? refused(file, "names no plugin linuxkit, and none is on PATH", `add to Pulumi.yaml: \`${STANZA}\``)
    : refused(file, `the plugin linuxkit is not in ${folder}`, "run `npm install` in the project's folder, or mend the path");
}
