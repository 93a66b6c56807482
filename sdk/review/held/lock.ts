import { formatPath, type Step } from "../../core/property-path.ts";
import type { ImageSource } from "../../definition/debian-image.ts";
import type { Definition } from "../../definition/definition.ts";
import { sourceKey } from "../../resolve/image-source.ts";
import type { Lock } from "../../resolve/lock.ts";
import { partsOf } from "../part.ts";
import { type Holding, sumOf } from "./holding.ts";

/** The packages of each part, in bytes as they are downloaded, as a lock has them. Images of registries have no sizes there. */
export function heldByLock(definition: Definition, lock: Pick<Lock, "debian">): Holding {
  const packagesOf = (part: readonly Step[], sources: readonly ImageSource[]): Holding => {
    const debs = sources.flatMap((source) => lock.debian[sourceKey(source)]?.packages ?? []);
    return sumOf(
      formatPath(part),
      debs.map(({ name, size }) => ({ name, bytes: size })),
    );
  };
  const { kernel, init, volumes } = definition;
  const parts = [
    packagesOf(["kernel"], kernel ? [kernel.image] : []),
    packagesOf(["init"], init),
    ...partsOf(definition).map(({ steps, placed }) => packagesOf(steps, [placed.container.image])),
    ...Object.entries(volumes).map(([name, { image }]) => packagesOf(["volumes", name], image === undefined ? [] : [image])),
  ];
  return sumOf(
    "Packages, as downloaded",
    parts.filter(({ bytes }) => bytes > 0),
  );
}
