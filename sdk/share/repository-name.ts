import { LinuxKitError } from "../core/errors.ts";
import { parseReference, type RegistryReference } from "../oci/reference.ts";

/**
 * A reference to a repository of a registry, for what has its own tags there.
 *
 * @param path names it in messages: `cache.to`
 * @throws INVALID_DEFINITION with a tag, a digest, or for what is in no registry
 */
export function parseRepositoryName(text: string, path: string): RegistryReference {
  const parsed = registryReference(text, path);
  // the tag that nobody wrote is latest
  const bare = text.slice(text.lastIndexOf("/") + 1);
  if (parsed.digest !== undefined || bare.includes(":"))
    throw invalid(text, path, "a repository without tag or digest, as registry.example.com/team/cache");
  return parsed;
}

/** A reference to push to: a tag of a repository. @throws INVALID_DEFINITION */
export function parseTarget(text: string, path: string): RegistryReference & { readonly tag: string } {
  const parsed = registryReference(text, path);
  if (parsed.digest !== undefined || parsed.tag === undefined)
    throw invalid(text, path, "a tag, as registry.example.com/team/os:1.2; the digest is what comes out");
  return { ...parsed, tag: parsed.tag };
}

/** A reference to what never changes. @throws INVALID_DEFINITION without a digest */
export function parsePinned(text: string, path: string): RegistryReference & { readonly digest: NonNullable<RegistryReference["digest"]> } {
  const parsed = registryReference(text, path);
  if (parsed.digest === undefined)
    throw invalid(text, path, "a digest, as registry.example.com/team/os@sha256:…, which the build that pushed it has as its output");
  return { ...parsed, digest: parsed.digest };
}

function registryReference(text: string, path: string): RegistryReference {
  const parsed = parseReference(text);
  if (parsed.kind === "registry") return parsed;
  throw invalid(text, path, "a reference into a registry, as registry.example.com/team/os");
}

function invalid(text: string, path: string, wanted: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${path}: got ${JSON.stringify(text)}, wanted ${wanted}`, { path });
}
