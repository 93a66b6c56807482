import { LinuxKitError } from "../core/errors.ts";
import { canonicalRegistry, type RegistryReference } from "../oci/reference.ts";
import { type VerifyingKey, verifyingKey } from "./key.ts";

/**
 * Public keys in PEM by registry, `docker.io`, or by the beginning of a repository, `docker.io/linuxkit`: images from
 * there are used only when they are signed by one of them.
 */
export type VerifyRules = Readonly<Record<string, string | readonly string[]>>;

/**
 * The keys for an image: those of the longest name that it is under, part by part. Undefined where none is.
 *
 * @throws INVALID_DEFINITION for a name that begins with no registry, and for what is no key
 */
export function keysFor({ registry, repository }: RegistryReference, rules: VerifyRules = {}): readonly VerifyingKey[] | undefined {
  const full = `${registry}/${repository}`;
  const under = Object.keys(rules)
    .map((name) => ({ name, place: placeOf(name) }))
    .filter(({ place }) => full === place || full.startsWith(`${place}/`))
    .sort((a, b) => b.place.length - a.place.length);
  const [longest] = under;
  if (!longest) return undefined;
  return checkRule(longest.name, rules[longest.name] ?? []);
}

/** The keys of one rule. @throws INVALID_DEFINITION */
export function checkRule(name: string, keys: string | readonly string[]): readonly VerifyingKey[] {
  placeOf(name);
  const path = `verify[${JSON.stringify(name)}]`;
  const pems = [keys].flat();
  if (pems.length === 0) throw new LinuxKitError("INVALID_DEFINITION", `${path}: got no key, wanted one or several as PEM`, { path });
  return pems.map((pem) => verifyingKey(pem, path));
}

function placeOf(name: string): string {
  const [host = "", ...rest] = name.replace(/\/+$/, "").split("/");
  if (!/[.:]/.test(host) && host !== "localhost") {
    const path = `verify[${JSON.stringify(name)}]`;
    throw new LinuxKitError("INVALID_DEFINITION", `${path}: got a name that begins with no registry, wanted one as "docker.io/${name}"`, {
      path,
    });
  }
  return [canonicalRegistry(host), ...rest].join("/");
}
