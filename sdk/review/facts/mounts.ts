import type { Container } from "../../definition/container.ts";
import { typeOf, usualDestination } from "../../definition/mount.ts";
import type { Step } from "../../core/property-path.ts";
import type { PartFacts } from "../fact.ts";
import { addMappings } from "./mappings.ts";

/** Options that close something, by the word that opens it. */
const CLOSED_BY: Readonly<Record<string, string>> = { rw: "ro", suid: "nosuid", dev: "nodev", exec: "noexec" };
/** Options that protect the container from what is in a mount. Each is a fact, so that a lost one is seen beside others. */
const GUARDS = ["nosuid", "nodev", "noexec"];
/** The guards of a tmpfs in the default sandbox (sdk/runtime/sandbox.ts). */
const USUAL = ["nosuid", "nodev"];
const PROPAGATIONS = /^r?(?:private|shared|slave|unbindable)$/;

/**
 * The facts of what a container sees of the machine, and of the devices that it may open. What is mounted belongs to the path
 * of the fact: another folder at the same place is one mount less and one more.
 */
export function addMounts(facts: PartFacts, container: Container, isOpen: boolean): void {
  const { binds = [], mounts = [], tmpfs = [], devices = [] } = container;
  for (const bind of [...binds, ...(container["binds.add"] ?? [])]) {
    const [source = "", destination = "", options = ""] = bind.split(":");
    addMount(facts, "bind", `${source} at ${destination}`, ["binds", destination, source], options.split(","));
  }
  for (const mount of mounts) {
    const type = mount.type ?? typeOf(mount) ?? "";
    const { source = type, destination = usualDestination(type) ?? "", options = [], uidmappings, gidmappings } = mount;
    const what = type === "bind" ? source : source === type ? type : `${type} ${source}`;
    const at = [type === "bind" ? "binds" : "mounts", destination, what];
    addMount(facts, type === "bind" ? "bind" : "mount", `${what} at ${destination}`, at, options);
    addMappings(facts, [...at, "uidmappings"], uidmappings);
    addMappings(facts, [...at, "gidmappings"], gidmappings);
  }
  for (const text of tmpfs) {
    const [destination = "", options = ""] = text.split(":");
    addMount(facts, "tmpfs", destination, ["tmpfs", destination], [...(isOpen ? [] : USUAL), ...options.split(",")], USUAL);
  }
  for (const { path, type, major, minor, mode } of devices) {
    const node = [type, ...[major, minor].map((number) => number ?? (path === "all" ? "*" : 0))].join(" ");
    facts.add("device", `${path}: ${node}`, ["devices", path, node], mode ?? "");
  }
}

/** @param usual the guards that such a mount has by itself: there, one that is missing is the fact */
function addMount(
  facts: PartFacts,
  rule: string,
  name: string,
  at: readonly Step[],
  given: readonly string[],
  usual: readonly string[] = [],
): void {
  const options = effective(given);
  facts.add(
    rule,
    name,
    at,
    options.filter((word) => !GUARDS.includes(word)),
  );
  for (const guard of GUARDS) {
    const [isThere, isUsual] = [options.includes(guard), usual.includes(guard)];
    if (isThere && !isUsual) facts.add("mount-guard", `${guard} of ${rule} ${name}`, [...at, guard], true);
    if (isUsual && !isThere) facts.add("mount-open", `${guard.slice("no".length)} of ${rule} ${name}`, [...at, guard], true);
  }
}

/** The options that hold, sorted. Of two that contradict each other the last one counts (mount(8), "-o"). */
function effective(given: readonly string[]): readonly string[] {
  const words = new Set<string>();
  for (const word of given) {
    const closed = Object.hasOwn(CLOSED_BY, word) ? CLOSED_BY[word] : undefined;
    if (PROPAGATIONS.test(word)) for (const other of words) if (PROPAGATIONS.test(other)) words.delete(other);
    if (closed !== undefined) words.delete(closed);
    else if (word !== "") words.add(word);
  }
  return [...words].sort();
}
