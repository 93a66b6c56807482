import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { formatPath } from "../core/property-path.ts";
import type { ImageSource } from "../definition/container.ts";
import { containersOf, type Definition } from "../definition/definition.ts";

/**
 * What identifies a source in the lock and among resolved images: a reference is its own key; of an image made from
 * packages only that counts which decides its packages, so adding a user or a file to it moves no version.
 */
export function sourceKey(source: ImageSource): string {
  if (typeof source === "string") return source;
  // a path that is kept may be a program, whose libraries come along
  const { role, packages, dependencies, keep, flavour, runtime } = source.debian;
  return hexOf(digestOf(canonicalJson({ role, packages, dependencies, keep, flavour, runtime })));
}

/** A place in a definition that names an image. */
export interface NamedSource {
  /** As the user would write it: `services.web.image`, `init[0]`. */
  readonly location: string;
  readonly source: ImageSource;
}

/** A volume that holds an image as it is. */
export interface NamedLayout {
  readonly location: string;
  readonly source: ImageSource;
  /** `linux/arm64`; empty is that of the build. */
  readonly platforms: readonly string[];
}

/** Every image that a definition names and that is unpacked, in that order. */
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

/** Every image that a definition names to have it as it is. */
export function layoutsOf({ volumes }: Definition): NamedLayout[] {
  return Object.entries(volumes).flatMap(([name, { image, format, platforms }]) =>
    image !== undefined && format === "oci" ? [{ location: `volumes.${name}.image`, source: image, platforms }] : [],
  );
}
