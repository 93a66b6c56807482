import type { Advisories } from "../../advisory/advisory.ts";
import { installedFromLock } from "../../advisory/locked.ts";
import type { Step } from "../../core/property-path.ts";
import type { ImageSource } from "../../definition/debian-image.ts";
import type { Definition } from "../../definition/definition.ts";
import { sourceKey } from "../../resolve/image-source.ts";
import type { Lock } from "../../resolve/lock.ts";
import { type Fact, partFacts } from "../fact.ts";
import { addAdvisories } from "./advisories.ts";
import { type NamedPart, partsOf } from "../part.ts";

/** The facts of what a lock pins: the version of each package, and the digest of each image, by the part that uses it. */
export function lockFacts(definition: Definition, lock: Lock, advisories: Advisories = new Map()): readonly Fact[] {
  const { kernel, init, volumes } = definition;
  const pinned = (part: readonly Step[], image: readonly Step[], source: ImageSource): readonly Fact[] =>
    pinnedFacts(part, image, source, lock, advisories);
  return [
    ...(kernel ? pinned(["kernel"], ["image"], kernel.image) : []),
    ...init.flatMap((source) => pinned(["init"], [typeof source === "string" ? source : `debian ${source.debian.role}`], source)),
    ...partsOf(definition).flatMap(({ steps, placed }: NamedPart) => pinned(steps, ["image"], placed.container.image)),
    ...Object.entries(volumes).flatMap(([name, { image }]) => (image === undefined ? [] : pinned(["volumes", name], ["image"], image))),
  ];
}

function pinnedFacts(
  part: readonly Step[],
  image: readonly Step[],
  source: ImageSource,
  lock: Lock,
  advisories: Advisories,
): readonly Fact[] {
  const facts = partFacts(part);
  const key = sourceKey(source);
  if (typeof source === "string") facts.add("image-digest", "", [...image, "digest"], lock.images[key] ?? lock.layouts?.[key]);
  else {
    const packages = lock.debian[key]?.packages ?? [];
    for (const { name, version } of packages) facts.add("package", name, [...image, "installed", name], version);
    addAdvisories(facts, image, installedFromLock(packages), advisories);
  }
  return facts.list;
}
