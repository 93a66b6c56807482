import { type Digest, isDigest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";

/** An image in a registry. */
export interface RegistryReference {
  readonly kind: "registry";
  /** The reference as LinuxKit expands and shows it: `docker.io/library/nginx:1.27`. A missing tag is not added. */
  readonly text: string;
  /** Host and port, `docker.io` for Docker Hub. */
  readonly registry: string;
  /** `library/nginx` */
  readonly repository: string;
  /** `latest` for a reference without tag and digest; absent for one with a digest only. */
  readonly tag?: string;
  /** The image's digest; it wins over the tag. */
  readonly digest?: Digest;
}

/** An image in an OCI layout on disk: `oci:DIR:TAG`, or `oci:DIR` where the layout holds one image. */
export interface LayoutReference {
  readonly kind: "layout";
  readonly text: string;
  readonly directory: string;
  readonly tag?: string;
}

/** An image in a file that `docker save` wrote: `docker-archive:FILE`, or `docker-archive:FILE:NAME` where it holds several. */
export interface ArchiveReference {
  readonly kind: "archive";
  readonly text: string;
  readonly file: string;
  readonly tag?: string;
}

/** A parsed image reference. */
export type Reference = RegistryReference | LayoutReference | ArchiveReference;

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** Another transport of skopeo with a path (containers-transports(5)). No tag begins so. */
const TRANSPORT = /^([a-z-]+):[./~]/;
const PATHS = "oci:DIR:TAG for an OCI layout, or docker-archive:FILE for what docker save wrote";
const HUB = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/**
 * Parses an image reference (distribution-spec, "Pulling manifests"). The transports `oci:` and `docker-archive:` are
 * skopeo's: the first colon ends the path.
 *
 * @throws REFERENCE_INVALID
 */
export function parseReference(reference: string): Reference {
  const [, transport, rest] = /^(oci|docker-archive):(.*)$/s.exec(reference) ?? [];
  if (transport !== undefined && rest !== undefined) return parsePath(reference, transport as "oci" | "docker-archive", rest);
  return parseRegistry(reference);
}

/**
 * Expands a reference as LinuxKit does: `X` becomes `docker.io/library/X`, and `X/Y`, where `X` cannot be a host,
 * becomes `docker.io/X/Y`. Any other reference is returned unchanged.
 */
export function expandReference(reference: string): string {
  const parts = reference.split("/");
  if (parts.length === 1) return `docker.io/library/${reference}`;
  if (parts.length === 2 && !isHost(parts[0] as string)) return `docker.io/${reference}`;
  return reference;
}

/** The one name of a registry that has several: Docker Hub has three. */
export function canonicalRegistry(registry: string): string {
  return HUB.includes(registry) ? "docker.io" : registry;
}

function parsePath(reference: string, transport: "oci" | "docker-archive", rest: string): LayoutReference | ArchiveReference {
  const colon = rest.indexOf(":");
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  const form = transport === "oci" ? "oci:DIR:TAG" : "docker-archive:FILE";
  if (path === "" || path.includes("\0"))
    throw invalid(reference, `the ${transport === "oci" ? "folder" : "file"} is missing; wanted ${form}`);
  if (tag === "") throw invalid(reference, `the tag after the colon is empty; wanted ${form}`);
  const named = { text: reference, ...(tag !== undefined && { tag }) };
  return transport === "oci" ? { kind: "layout", directory: path, ...named } : { kind: "archive", file: path, ...named };
}

function parseRegistry(reference: string): RegistryReference {
  if (reference === "") throw invalid(reference, "it is empty; wanted a name such as nginx:1.27");
  if (/\s/.test(reference)) throw invalid(reference, "it contains white space");
  if (/^[a-z]+:\/\//.test(reference)) throw invalid(reference, "it is a URL; leave out the scheme: registry.example.com/name:tag");
  const [, transport] = TRANSPORT.exec(reference) ?? [];
  if (transport !== undefined) throw invalid(reference, `transport "${transport}": wanted ${PATHS}`);
  if (/^[./~]/.test(reference)) throw invalid(reference, `it is a path; wanted ${PATHS}`);
  const text = expandReference(reference);

  const [beforeDigest, digest, ...more] = text.split("@") as [string, string?, ...string[]];
  if (more.length > 0) throw invalid(reference, 'it contains more than one "@"');
  if (digest !== undefined && !isDigest(digest))
    throw invalid(reference, `digest ${JSON.stringify(digest)}: wanted sha256: and 64 hexadecimal digits`);

  const lastSlash = beforeDigest.lastIndexOf("/");
  const colon = beforeDigest.indexOf(":", lastSlash);
  const path = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? undefined : beforeDigest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(
      reference,
      `tag ${JSON.stringify(tag)}: wanted 1 to 128 of letters, digits, "_", "." and "-", not starting with "." or "-"`,
    );

  const [first, ...others] = path.split("/") as [string, ...string[]];
  const hosted = isHost(first) && others.length > 0;
  const registry = canonicalRegistry(hosted ? first : "docker.io");
  const components = hosted ? others : [first, ...others];
  if (!HOST.test(registry)) throw invalid(reference, `registry ${JSON.stringify(registry)}: wanted HOST or HOST:PORT`);
  for (const component of components) {
    if (COMPONENT.test(component)) continue;
    if (component === "") throw invalid(reference, "a part between slashes is empty");
    if (COMPONENT.test(component.toLowerCase()))
      throw invalid(reference, `${JSON.stringify(component)} must be lower case: ${component.toLowerCase()}`);
    throw invalid(reference, `${JSON.stringify(component)}: wanted lower-case letters and digits, separated by ".", "_", "__" or "-"`);
  }
  const repository = registry === "docker.io" && components.length === 1 ? `library/${components[0]}` : components.join("/");
  if (registry.length + 1 + repository.length > 255) throw invalid(reference, "the name is longer than 255 characters");

  const named = tag ?? (digest === undefined ? "latest" : undefined);
  return {
    kind: "registry",
    text,
    registry,
    repository,
    ...(named !== undefined && { tag: named }),
    ...(digest !== undefined && { digest }),
  };
}

function isHost(part: string): boolean {
  return part.includes(".") || part.includes(":") || part === "localhost";
}

function invalid(reference: string, why: string): LinuxKitError {
  return new LinuxKitError("REFERENCE_INVALID", `image reference ${JSON.stringify(reference)} is invalid: ${why}`, { reference });
}
