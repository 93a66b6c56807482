import type { Container } from "../../definition/container.ts";
import type { PartFacts } from "../fact.ts";
import { addMappings } from "./mappings.ts";

/** The facts of what the machine does around a container's start. Each action has a path of its own, whatever its place in a list. */
export function addRuntime(facts: PartFacts, runtime: Container["runtime"]): void {
  const { cgroups = [], mounts = [], mkdir = [], interfaces = [], bindNS = {}, namespace } = runtime ?? {};
  for (const name of cgroups) facts.add("runtime", `cgroup ${name}`, ["runtime", "cgroups", name], true);
  for (const path of mkdir) facts.add("runtime", `mkdir ${path}`, ["runtime", "mkdir", path], true);
  for (const { destination = "", type = "", source = type, options = [], uidmappings, gidmappings } of mounts) {
    const words = [...options].sort();
    const what = [...new Set([type, source])].filter(Boolean).join(" ");
    const at = ["runtime", "mounts", destination, `${what} ${words.join(",")}`];
    facts.add("runtime", `mount ${what} at ${destination}`, at, words);
    addMappings(facts, [...at, "uidmappings"], uidmappings);
    addMappings(facts, [...at, "gidmappings"], gidmappings);
  }
  for (const { name, add, peer, createInRoot } of interfaces) {
    const how = [add, peer && `to ${peer}`, createInRoot && "created outside"].filter(Boolean).join(" ");
    facts.add("runtime", `interface ${[name, how].filter(Boolean).join(": ")}`, ["runtime", "interfaces", name, how], true);
  }
  for (const [kind, path = ""] of Object.entries(bindNS))
    if (path !== "") facts.add("runtime", `${kind} namespace at ${path}`, ["runtime", "bindNS", kind, path], true);
  facts.add("runtime", `namespace ${namespace}`, ["runtime", "namespace", namespace ?? ""], namespace === undefined ? undefined : true);
}
