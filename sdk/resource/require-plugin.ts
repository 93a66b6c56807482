import type { CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../core/errors.ts";
import { findPlugin, PLUGIN, type PluginSearch, STANZA } from "./find-plugin.ts";

/** What the search has found in this process: a program has one project. */
let search: PluginSearch | undefined;

/**
 * The options of a resource of this package, once it is sure that the engine can start the plugin. Without the plugin the engine
 * would look for one to download, and report the failed download.
 *
 * Nothing is checked where no language host runs the program (unit tests, programs inline in the Automation API), where there is no
 * project file, or where the program says where the plugin comes from.
 *
 * @throws TOOL_MISSING with the lines that Pulumi.yaml lacks
 */
export function requirePlugin<Options extends CustomResourceOptions>(options: Options | undefined): Options | undefined {
  // the language host's program sets the one; the other one attaches the engine to a plugin that runs
  if (process.env["PULUMI_NODEJS_MONITOR"] === undefined || /\blinuxkit:/.test(process.env["PULUMI_DEBUG_PROVIDERS"] ?? "")) return options;
  if (options?.pluginDownloadURL !== undefined) return options;
  search ??= findPlugin(process.cwd(), process.env);
  refuseMissing(search);
  return options;
}

/** @throws TOOL_MISSING where a project's file leads to no plugin */
export function refuseMissing(found: PluginSearch): void {
  if (found.found !== undefined || found.file === undefined) return;
  const { file, folder } = found;
  throw new LinuxKitError(
    "TOOL_MISSING",
    folder === undefined
      ? `${file}: plugins.providers names no linuxkit, so the engine cannot start ${PLUGIN}: add \`${STANZA}\``
      : `${file}: plugins.providers: ${PLUGIN} is not in ${folder}: run \`npm install\` in the project's folder, or mend the path: \`${STANZA}\``,
    { tool: PLUGIN },
  );
}
