import { isDeferred } from "../core/deferred.ts";
import type { Container } from "./container.ts";
import { itemsOf } from "./inputs.ts";

/** Programs that start containers for others. */
const PROGRAMS = new Set(["buildkitd", "containerd", "cri-dockerd", "crio", "dockerd", "k3s", "podman"]);

/** Debian's packages that have them. */
const PACKAGES = new Set(["containerd", "cri-o", "docker.io", "moby-engine", "podman"]);

/** Whether a container starts containers for others, by its packages or its command. */
export function isContainerEngine({ command, image }: Pick<Container, "command" | "image">): boolean {
  if (typeof image === "object" && !isDeferred(image) && !isDeferred(image.debian))
    if (itemsOf(image.debian.packages).some(([, name]) => PACKAGES.has(name))) return true;
  const program = itemsOf(command).find(([index]) => index === 0)?.[1];
  return typeof program === "string" && PROGRAMS.has(program.slice(program.lastIndexOf("/") + 1));
}
