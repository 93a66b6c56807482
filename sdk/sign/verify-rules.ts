import { invalid } from "../core/failure.ts";
import { formatPath } from "../core/property-path.ts";
import { canonicalRegistry, type RegistryReference } from "../oci/reference.ts";
import { type VerifyingKey, verifyingKey } from "./key.ts";

/**
 * Public keys in PEM, by registry (`docker.io`) or by the first parts of a repository (`docker.io/linuxkit`). An image
 * from there is used only if it is signed by one of its keys.
 */
export type VerifyRules = Readonly<Record<string, string | readonly string[]>>;

/**
 * The keys for an image: those of the longest name that matches its repository, part by part. Undefined if none matches.
 *
 * @throws INVALID_DEFINITION for a name without a registry, and for a malformed key
 */
export function keysFor({ registry, repository }: RegistryReference, rules: VerifyRules = {}): readonly VerifyingKey[] | undefined {
  const full = `${registry}/${repository}`;
  const under = Object.keys(rules)
    .map((name) => ({ name, prefix: prefixOf(name) }))
    .filter(({ prefix }) => full === prefix || full.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  const [longest] = under;
  if (!longest) return undefined;
  return checkRule(longest.name, rules[longest.name] ?? []);
}

/** Parses the keys of one rule. @throws INVALID_DEFINITION for a name without a registry, and for a malformed key */
export function checkRule(name: string, keys: string | readonly string[]): readonly VerifyingKey[] {
  prefixOf(name);
  const path = formatPath(["verify", name]);
  const pems = [keys].flat();
  if (pems.length === 0) throw invalid(path, "got an empty list, wanted one key or several, as PEM");
  return pems.map((pem) => verifyingKey(pem, path));
}

function prefixOf(name: string): string {
  const [host = "", ...rest] = name.replace(/\/+$/, "").split("/");
  if (!/[.:]/.test(host) && host !== "localhost") {
    throw invalid(formatPath(["verify", name]), `got a name that begins with no registry, wanted one as "docker.io/${name}"`);
  }
  return [canonicalRegistry(host), ...rest].join("/");
}
