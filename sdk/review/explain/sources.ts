import { formatPath, type Step } from "../../core/property-path.ts";
import type { ImageSource } from "../../definition/debian-image.ts";
import type { Definition } from "../../definition/definition.ts";
import { partsOf } from "../part.ts";

/** An image of an operating system, and the part that it is of. */
export interface PartSource {
  /** `services.web`. */
  readonly part: string;
  /** The steps to it in the definition: `["services", "web", "image"]`. */
  readonly steps: readonly Step[];
  readonly source: ImageSource;
}

/** Every image of a definition, by the part that uses it. */
export function partSources(definition: Definition): PartSource[] {
  const { kernel, init, volumes } = definition;
  return [
    ...(kernel ? [{ part: "kernel", steps: ["kernel", "image"], source: kernel.image }] : []),
    ...init.map((source, index) => ({ part: "init", steps: ["init", index], source })),
    ...partsOf(definition).map(({ steps, placed }) => ({
      part: formatPath(steps),
      steps: [...placed.steps, "image"],
      source: placed.container.image,
    })),
    ...Object.entries(volumes).flatMap(([name, { image }]) =>
      image === undefined ? [] : [{ part: formatPath(["volumes", name]), steps: ["volumes", name, "image"], source: image }],
    ),
  ];
}

/** An image in words: its reference, or what it is made from. */
export function imageName(source: ImageSource): string {
  if (typeof source === "string") return source;
  const { role, packages } = source.debian;
  if (role !== "packages") return `Debian ${role}`;
  return packages.length > 0 ? `Debian packages ${packages.join(", ")}` : "one of this library's own";
}
