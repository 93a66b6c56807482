import type { LinuxKitError } from "../core/errors.ts";
import { invalid } from "../core/failure.ts";
import { parseReference, type RegistryReference } from "../oci/reference.ts";

/**
 * Parses the name of a repository in a registry, in which the caller sets its own tags.
 *
 * @param path names it in messages: `cache.to`
 * @throws INVALID_DEFINITION for a name with a tag or digest, or outside a registry
 */
export function parseRepositoryName(text: string, path: string): RegistryReference {
  const parsed = registryReference(text, path);
  // parseReference adds the tag latest, so the text shows whether a tag was written
  const bare = text.slice(text.lastIndexOf("/") + 1);
  if (parsed.digest !== undefined || bare.includes(":"))
    throw wrong(text, path, "a repository without tag or digest, such as registry.example.com/team/cache");
  return parsed;
}

/** Parses a reference to push to: a tag of a repository. @throws INVALID_DEFINITION */
export function parseTarget(text: string, path: string): RegistryReference & { readonly tag: string } {
  const parsed = registryReference(text, path);
  if (parsed.digest !== undefined || parsed.tag === undefined)
    throw wrong(text, path, "a tag without a digest, such as registry.example.com/team/os:1.2");
  return { ...parsed, tag: parsed.tag };
}

/** Parses a reference that never changes its meaning. @throws INVALID_DEFINITION without a digest */
export function parsePinned(text: string, path: string): RegistryReference & { readonly digest: NonNullable<RegistryReference["digest"]> } {
  const parsed = registryReference(text, path);
  if (parsed.digest === undefined)
    throw wrong(text, path, "a digest, such as registry.example.com/team/os@sha256:…: the output `pushed` of the build that pushed it");
  return { ...parsed, digest: parsed.digest };
}

function registryReference(text: string, path: string): RegistryReference {
  const parsed = parseReference(text);
  if (parsed.kind === "registry") return parsed;
  throw wrong(text, path, "a reference into a registry, such as registry.example.com/team/os");
}

function wrong(text: string, path: string, wanted: string): LinuxKitError {
  return invalid(path, `got ${JSON.stringify(text)}, wanted ${wanted}`);
}
