import { formatPath, type Step } from "../../core/property-path.ts";
import type { Container } from "../../definition/container.ts";
import type { Definition } from "../../definition/definition.ts";
import { plainPath } from "../../definition/file.ts";
import { typeOf, usualDestination } from "../../definition/mount.ts";
import { partsOf } from "../part.ts";
import type { Answer } from "./answer.ts";
import { imageName, partSources } from "./sources.ts";

/** What a definition says of a path: files of the OS, files in images, and what is mounted on it or above it. */
export function explainPath(definition: Definition, path: string): Answer[] {
  const plain = plainPath(path);
  // of two files with the same path, the later one counts
  const last = definition.files.findLastIndex((file) => plainPath(file.path) === plain);
  const own = last < 0 ? [] : [{ part: "files", message: "a file of the OS itself", steps: ["files", last] }];
  const packed = partSources(definition).flatMap(({ part, steps, source }): Answer[] => {
    if (typeof source === "string") return [];
    const index = source.debian.files.findIndex((file) => plainPath(file.path) === plain);
    return index < 0
      ? []
      : [
          {
            part,
            message: "a file that the definition puts into its image",
            steps: [...steps, "debian", "files", index],
            image: imageName(source),
          },
        ];
  });
  const mounted = partsOf(definition).flatMap(({ steps, placed }) =>
    mountsOn(placed.container, plain).map(({ message, at }) => ({ part: formatPath(steps), message, steps: [...placed.steps, ...at] })),
  );
  return [...own, ...packed, ...mounted];
}

function mountsOn(container: Container, path: string): { readonly message: string; readonly at: readonly Step[] }[] {
  const { binds = [], mounts = [], tmpfs = [] } = container;
  const covers = (destination: string): boolean => path === plainPath(destination) || path.startsWith(`${plainPath(destination)}/`);
  const bound = (field: "binds" | "binds.add", list: readonly string[]) =>
    list.flatMap((text, index) => {
      const [source = "", destination = source] = text.split(":");
      if (!covers(destination)) return [];
      const rest = path.slice(plainPath(destination).length);
      return [{ message: `it is the machine's ${source}${rest}`, at: [field, index] }];
    });
  return [
    ...bound("binds", binds),
    ...bound("binds.add", container["binds.add"] ?? []),
    ...mounts.flatMap((mount, index) => {
      const type = mount.type ?? typeOf(mount) ?? "";
      const destination = mount.destination ?? usualDestination(type);
      return destination !== undefined && covers(destination)
        ? [{ message: `it lies in the ${type} at ${destination}`, at: ["mounts", index] }]
        : [];
    }),
    ...tmpfs.flatMap((text, index) => {
      const [destination = ""] = text.split(":");
      return covers(destination) ? [{ message: `it is in memory, in the tmpfs at ${destination}`, at: ["tmpfs", index] }] : [];
    }),
  ];
}
