import type { Container } from "../../definition/container.ts";
import { typeOf, usualDestination } from "../../definition/mount.ts";
import type { PartFacts } from "../fact.ts";

/** The facts of what a container sees of the machine, and of the devices that it may open. */
export function addMounts(facts: PartFacts, container: Container): void {
  const { binds = [], mounts = [], tmpfs = [], devices = [] } = container;
  for (const bind of [...binds, ...(container["binds.add"] ?? [])]) {
    const [source = "", destination = "", options = ""] = bind.split(":");
    facts.add("bind", `${source} at ${destination}`, ["binds", destination], { source, options: words(options) });
  }
  for (const mount of mounts) {
    const type = mount.type ?? typeOf(mount) ?? "";
    const { source = type, destination = usualDestination(type) ?? "", options = [] } = mount;
    const value = { source, options: [...options].sort() };
    if (type === "bind") facts.add("bind", `${source} at ${destination}`, ["binds", destination], value);
    else facts.add("mount", `${type} at ${destination}`, ["mounts", destination], { type, ...value });
  }
  for (const text of tmpfs) {
    const [destination = "", options = ""] = text.split(":");
    facts.add("tmpfs", destination, ["tmpfs", destination], words(options));
  }
  for (const { path, ...device } of devices) facts.add("device", path, ["devices", path], device);
}

/** Mount options as a sorted list: their order has no effect, and `rw` is the default. */
function words(options: string): string[] {
  return options
    .split(",")
    .filter((word) => word !== "" && word !== "rw")
    .sort();
}
