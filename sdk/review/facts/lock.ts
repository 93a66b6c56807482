import type { Step } from "../../core/property-path.ts";
import type { ImageSource } from "../../definition/debian-image.ts";
import type { Definition } from "../../definition/definition.ts";
import { sourceKey } from "../../resolve/image-source.ts";
import type { Lock } from "../../resolve/lock.ts";
import { type Fact, partFacts } from "../fact.ts";
import { type NamedPart, partsOf } from "../part.ts";

/** The facts of what a lock pins: the version of each package, and the digest of each image, by the part that uses it. */
export function lockFacts(definition: Definition, lock: Lock): readonly Fact[] {
  const { kernel, init, volumes } = definition;
  return [
    ...(kernel ? pinned(["kernel"], ["image"], kernel.image, lock) : []),
    ...init.flatMap((source) => pinned(["init"], [typeof source === "string" ? source : `debian ${source.debian.role}`], source, lock)),
    ...partsOf(definition).flatMap(({ steps, placed }: NamedPart) => pinned(steps, ["image"], placed.container.image, lock)),
    ...Object.entries(volumes).flatMap(([name, { image }]) =>
      image === undefined ? [] : pinned(["volumes", name], ["image"], image, lock),
    ),
  ];
}

function pinned(part: readonly Step[], image: readonly Step[], source: ImageSource, lock: Lock): readonly Fact[] {
  const facts = partFacts(part);
  const key = sourceKey(source);
  if (typeof source === "string") facts.add("image-digest", "", [...image, "digest"], lock.images[key] ?? lock.layouts?.[key]);
  else for (const { name, version } of lock.debian[key]?.packages ?? []) facts.add("package", name, [...image, "installed", name], version);
  return facts.list;
}
