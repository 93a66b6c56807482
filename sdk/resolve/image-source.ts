import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { formatPath } from "../core/property-path.ts";
import type { ImageSource } from "../definition/debian-image.ts";
import { containersOf, type Definition } from "../definition/definition.ts";

/**
 * The key of a source in the lock and among resolved images. A reference is its own key. The key of an image made from
 * packages covers only the fields that determine its packages, so adding a user or a file does not change versions.
 */
export function sourceKey(source: ImageSource): string {
  if (typeof source === "string") return source;
  // a path in `keep` may be a program whose libraries are then kept too
  const { role, packages, dependencies, keep, leaveOut, flavour, runtime } = source.debian;
  return hexOf(digestOf(canonicalJson({ role, packages, dependencies, keep, leaveOut, flavour, runtime })));
}

/** An image and its path in the definition. */
export interface NamedSource {
  /** The path, as a user would write it: `services.web.image`, `init[0]`. */
  readonly location: string;
  readonly source: ImageSource;
}

/** The image of a volume with the format `oci`, and its path in the definition. */
export interface NamedLayout {
  readonly location: string;
  readonly source: ImageSource;
  /** Such as `linux/arm64`. @default the platform of the build, if empty */
  readonly platforms: readonly string[];
}

/** Every image of a definition that is unpacked: kernel, init, volumes, containers. */
export function sourcesOf(definition: Definition): NamedSource[] {
  const found: NamedSource[] = [];
  if (definition.kernel) found.push({ location: "kernel.image", source: definition.kernel.image });
  for (const [index, source] of definition.init.entries()) found.push({ location: `init[${index}]`, source });
  for (const [name, { image, format }] of Object.entries(definition.volumes)) {
    if (image !== undefined && format === "filesystem") found.push({ location: `volumes.${name}.image`, source: image });
  }
  for (const { steps, container } of containersOf(definition)) {
    found.push({ location: `${formatPath(steps)}.image`, source: container.image });
  }
  return found;
}

/** Every image of a definition that a volume keeps as an OCI layout. */
export function layoutsOf({ volumes }: Definition): NamedLayout[] {
  return Object.entries(volumes).flatMap(([name, { image, format, platforms }]) =>
    image !== undefined && format === "oci" ? [{ location: `volumes.${name}.image`, source: image, platforms }] : [],
  );
}
