import { stringify } from "yaml";
import { isLinuxKitError } from "../core/errors.ts";
import type { Definition } from "./definition.ts";
import { writeYaml } from "./to-yaml.ts";

/**
 * The definition as the content of a file with `metadata: yaml` or `json`: LinuxKit's YAML where the definition has
 * nothing that LinuxKit lacks; else, and as JSON, the definition under its own names, without the values of secrets.
 */
export function metadataText(definition: Definition, kind: "yaml" | "json"): string {
  const open = withoutSecrets(definition);
  if (kind === "json") return `${JSON.stringify(open, undefined, 2)}\n`;
  try {
    return writeYaml(definition);
  } catch (error) {
    if (!isLinuxKitError(error, "UNSUPPORTED")) throw error;
    return stringify(open, { lineWidth: 0, aliasDuplicateObjects: false });
  }
}

function withoutSecrets(definition: Definition): Definition {
  const services = Object.entries(definition.services).map(([name, { secrets, ...service }]) => [
    name,
    secrets ? { ...service, secrets: Object.fromEntries(Object.keys(secrets).map((key) => [key, ""])) } : service,
  ]);
  return { ...definition, services: Object.fromEntries(services) };
}
