import type { Definition } from "../definition/definition.ts";
import { UsageError } from "./command.ts";
import { pairs } from "./pairs.ts";
import { readText } from "./text-file.ts";

/** Values of secrets by service, then by name. */
type ServiceSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The secrets that a machine of `run` gets: those of `--secret SERVICE.NAME=FILE`, else the value in the definition.
 *
 * An empty value in a definition stands for one that the machine's own program gives later. A program that finds an empty
 * password starts and then fails, so `run` asks for the value first.
 *
 * @throws UsageError for a secret that no service names, or that has no value; NOT_FOUND for a file
 */
export async function runSecrets({ services }: Definition, given: readonly string[]): Promise<ServiceSecrets> {
  const files = pairs("--secret", "SERVICE.NAME=FILE", given);
  const declared = Object.entries(services).flatMap(([service, { secrets = {} }]) =>
    Object.entries(secrets).map(([name, value]) => ({ service, name, value, key: `${service}.${name}` })),
  );
  const keys = declared.map(({ key }) => key);
  for (const key of Object.keys(files)) {
    if (keys.includes(key)) continue;
    throw new UsageError(`--secret: got "${key}", ${keys.length > 0 ? `wanted one of ${keys.join(", ")}` : "but no service has a secret"}`);
  }
  const missing = declared.filter(({ key, value }) => value === "" && files[key] === undefined);
  if (missing.length > 0)
    throw new UsageError(
      `${missing.map(({ key }) => key).join(", ")}: got no value of the secret, wanted ${missing.map(({ key }) => `--secret ${key}=FILE`).join(" ")}`,
    );
  const found: Record<string, Record<string, string>> = {};
  for (const { service, name, value, key } of declared) {
    const file = files[key];
    found[service] = { ...found[service], [name]: file === undefined ? value : await readText(file) };
  }
  return found;
}
