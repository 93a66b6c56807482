import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, isDigest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import { hashFile, localPath } from "../builder/local-content.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/**
 * The current content of a definition's local images, by their references: the manifest's digest of
 * `oci:DIR:TAG`, the sha256 of the file of `docker-archive:FILE`. The engine compares these, so that a rebuilt
 * image is seen as a change although its path is the same.
 *
 * @throws NOT_FOUND
 */
export function localImages(definition: Definition, projectDir: string): Record<string, Digest> {
  const found: Record<string, Digest> = {};
  for (const reference of [...references(definition)].sort()) {
    const [, transport, place = ""] = /^(oci|docker-archive):(.*)$/s.exec(reference) ?? [];
    if (transport === undefined) continue;
    const colon = place.indexOf(":");
    const path = localPath(colon < 0 ? place : place.slice(0, colon), projectDir);
    const tag = colon < 0 ? undefined : place.slice(colon + 1);
    try {
      found[reference] = transport === "oci" ? manifestDigest(path, tag) : hashFile(path).digest;
    } catch (cause) {
      throw new LinuxKitError(
        "NOT_FOUND",
        `cannot read image ${reference} at ${path}: ${(cause as Error).message}`,
        { what: reference },
        { cause },
      );
    }
  }
  return found;
}

/** Every reference in a definition. A list that is an Output as a whole is passed over. */
function references({ kernel, init, onboot, onshutdown, services, volumes }: Definition): Set<string> {
  const images: readonly unknown[] = [
    kernel?.image,
    ...(Array.isArray(init) ? init : []),
    ...[onboot, onshutdown].flatMap((list) => (Array.isArray(list) ? list.map(({ image }) => image) : [])),
    ...Object.values(services).map(({ image }) => image),
    ...Object.values(volumes).map(({ image }) => image),
  ];
  return new Set(images.filter((image) => typeof image === "string"));
}

/** The entry of an image layout's `index.json` (image-spec, image-layout.md) that a tag names. */
function manifestDigest(directory: string, tag: string | undefined): Digest {
  const { manifests = [] } = JSON.parse(readFileSync(join(directory, "index.json"), "utf8")) as {
    manifests?: readonly { readonly digest: string; readonly annotations?: Readonly<Record<string, string>> }[];
  };
  const named = manifests.filter(({ annotations }) => tag === undefined || annotations?.[REF_NAME] === tag);
  const [entry] = named;
  if (!entry || named.length > 1 || !isDigest(entry.digest)) {
    const tags = manifests.map(({ annotations }) => annotations?.[REF_NAME] ?? "one without a name");
    throw new Error(
      `wanted one image${tag === undefined ? "" : ` named ${tag}`}, got ${named.length}; the layout holds ${tags.join(", ") || "none"}`,
    );
  }
  return entry.digest;
}
