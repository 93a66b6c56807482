import { expandCapabilities } from "../../definition/capability.ts";
import type { Container } from "../../definition/container.ts";
import type { ContainerFields } from "../../definition/container-fields.ts";
import type { Placed } from "../../definition/definition.ts";
import { withImageFields } from "../../definition/label-rules.ts";
import { MASKED_PATHS, PIDS_LIMIT, READONLY_PATHS } from "../../definition/sandbox-defaults.ts";
import { SERVER_NAME } from "../../definition/https-check.ts";
import type { PartFacts } from "../fact.ts";
import { authoritiesIn } from "./authorities.ts";
import { addImage } from "./image.ts";
import { addDeviceRules } from "./device-rules.ts";
import { addMappings } from "./mappings.ts";
import { addMounts } from "./mounts.ts";
import { addNetwork } from "./network.ts";
import { addRuntime } from "./runtime.ts";
import { addSeccomp } from "./seccomp.ts";

/** The settings of a container that have no effect on its access, and are shown as they are; with the default, if it has one. */
const PLAIN = {
  cwd: undefined,
  hostname: undefined,
  stopSignal: undefined,
  stopTimeout: 10,
  restart: "always",
  restartLimit: undefined,
  log: undefined,
  annotations: undefined,
  sysctl: undefined,
  cgroupsPath: undefined,
  timeout: undefined,
  optional: false,
} as const;

/** The defaults of a health check. */
const CHECK_TIMES: Readonly<Record<string, number>> = { interval: 5, timeout: 5, retries: 3 };

/**
 * The facts of a container. What the default sandbox does by itself is no fact, so a container in LinuxKit's sandbox shows
 * everything that this one leaves open.
 *
 * @param label the fields of its image's label, where that was read
 */
export function addContainer(facts: PartFacts, { container: given, phase, name }: Placed, label: ContainerFields | undefined): void {
  const container = withImageFields(given, label, phase);
  const isOpen = container.sandbox === "linuxkit";
  facts.add("container", `${KIND[phase]} ${name}`, [], true);
  addImage(facts, container.image);
  facts.add("sandbox", "", ["sandbox"], isOpen ? "linuxkit" : undefined);
  facts.add("label", "", ["label"], given.label === "allow" ? "allow" : undefined);
  addPrivileges(facts, container, isOpen);
  addMounts(facts, container, isOpen);
  addNetwork(facts, container, phase);
  facts.add("command", "", ["command"], container.command);
  addEnvironment(facts, container.env);
  for (const [field, usual] of Object.entries(PLAIN)) {
    const value = container[field as keyof typeof PLAIN];
    facts.addLeaves("setting", [field], value === usual ? undefined : value);
  }
  for (const module of new Set(container.modules)) facts.add("module", module, ["modules", module], true);
  for (const other of container.after ?? []) facts.add("after", other, ["after", other], true);
  addHealth(facts, container.health);
  for (const secret of Object.keys(container.secrets ?? {})) facts.add("secret", secret, ["secrets", secret], true);
  addRuntime(facts, container.runtime);
  addLimits(facts, container, isOpen);
}

const KIND = { services: "service", onboot: "onboot task", onshutdown: "onshutdown task" } as const;

function addPrivileges(facts: PartFacts, container: Container, isOpen: boolean): void {
  const { capabilities, ambient, uid, gid, additionalGids = [] } = container;
  const added = container["capabilities.add"] ?? [];
  for (const name of new Set([...expandCapabilities(capabilities), ...expandCapabilities(added)]))
    facts.add("capability", name, ["capabilities", name], true);
  for (const name of new Set(expandCapabilities(ambient))) facts.add("capability-ambient", name, ["ambient", name], true);
  for (const namespace of ["ipc", "uts", "pid"] as const) {
    const word = container[namespace] ?? (isOpen && namespace !== "pid" ? "host" : "new");
    facts.add("namespace", namespace, [namespace], word === "new" ? undefined : word === "root" ? "host" : word);
  }
  facts.add("cgroup", "", ["cgroup"], (container.cgroup ?? (isOpen ? "host" : "new")) === "new" ? undefined : (container.cgroup ?? "host"));
  facts.add("user-namespace", "", ["userns"], container.userns);
  addMappings(facts, ["uidMappings"], container.uidMappings);
  addMappings(facts, ["gidMappings"], container.gidMappings);
  facts.add("user", "user", ["uid"], uid ?? (isOpen ? 0 : undefined));
  facts.add("user", "group", ["gid"], gid ?? (isOpen ? 0 : undefined));
  for (const group of additionalGids) facts.add("group", String(group), ["additionalGids", String(group)], true);
  facts.add("writable-root", "", ["readonly"], (container.readonly ?? !isOpen) ? undefined : false);
  facts.add("new-privileges", "", ["noNewPrivileges"], (container.noNewPrivileges ?? !isOpen) ? undefined : false);
  addSeccomp(facts, container.seccomp ?? (isOpen ? "unconfined" : "default"));
  addPaths(facts, "masked-path", "maskedPaths", container.maskedPaths ?? (isOpen ? [] : MASKED_PATHS), MASKED_PATHS);
  addPaths(facts, "readonly-path", "readonlyPaths", container.readonlyPaths ?? (isOpen ? [] : READONLY_PATHS), READONLY_PATHS);
  facts.add("propagation", "", ["rootfsPropagation"], container.rootfsPropagation);
}

/** A path of the sandbox that is not protected is a fact, and so is one more. */
function addPaths(facts: PartFacts, rule: string, field: string, paths: readonly string[], usual: readonly string[]): void {
  for (const path of usual) if (!paths.includes(path)) facts.add(rule, path, [field, path], "open");
  for (const path of new Set(paths)) if (!usual.includes(path)) facts.add(rule, path, [field, path], "closed");
}

function addEnvironment(facts: PartFacts, env: readonly string[] | undefined): void {
  // of a name that is there twice, the last counts
  const pairs = new Map((env ?? []).map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]));
  for (const [name, value] of pairs) facts.add("environment", name, ["env", name], value);
}

function addHealth(facts: PartFacts, health: Container["health"]): void {
  if (health === undefined) return;
  const { http, https, tcp, command, ...times } = health;
  const got =
    (http && `GET ${http.socket ?? ""}:${http.port ?? ""}${http.path ?? "/"} answers ${http.status ?? 200}`) ??
    (https && `GET https://${https.serverName ?? SERVER_NAME}:${https.port}${https.path ?? "/"} answers ${https.status ?? 200}`);
  facts.add("health", "", ["health"], got ?? (tcp ? `a connection to port ${tcp.port}` : (command ?? []).join(" ")));
  // by what it is, not by its path: another secret, or a certificate instead of one, is a change of the same
  const authority = https?.ca === undefined ? https && `the secret ${https.caSecret}` : fingerprints(https.ca);
  facts.add("health", "authority", ["health", "https", "authority"], authority);
  for (const [name, value] of Object.entries(times))
    facts.add("health", name, ["health", name], value === CHECK_TIMES[name] ? undefined : value);
}

function fingerprints(pem: string): string {
  return authoritiesIn(pem)
    .map(({ fingerprint }) => `sha256:${fingerprint}`)
    .join(", ");
}

function addLimits(facts: PartFacts, { resources: given, rlimits = [], oomScoreAdj }: Container, isOpen: boolean): void {
  const { devices = [], pids, hugepageLimits = [], blockio, ...resources } = given ?? {};
  facts.add("limit", "pids limit", ["resources", "pids", "limit"], pids?.limit ?? (isOpen ? undefined : PIDS_LIMIT));
  facts.addLeaves("limit", ["resources"], Object.keys(resources).length > 0 ? resources : undefined);
  for (const { pageSize, limit } of hugepageLimits)
    facts.add("limit", `huge pages of ${pageSize}`, ["resources", "hugepageLimits", pageSize], limit);
  for (const [field, value] of Object.entries(blockio ?? {})) {
    if (!Array.isArray(value)) facts.add("limit", `blockio ${field}`, ["resources", "blockio", field], value);
    else
      for (const { major, minor, ...amounts } of value)
        facts.addLeaves("limit", ["resources", "blockio", field, `${major}:${minor}`], amounts);
  }
  addDeviceRules(facts, devices);
  for (const limit of rlimits) {
    const [kind = "", ...values] = limit.split(",").map((part) => part.trim());
    const name = kind.toLowerCase().replace(/^rlimit_/, "");
    facts.add("rlimit", name, ["rlimits", name], values.join(","));
  }
  facts.add("oom-score", "", ["oomScoreAdj"], oomScoreAdj);
}
