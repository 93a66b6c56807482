import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { expandCapabilities } from "../definition/capability.ts";
import type { Container } from "../definition/container.ts";
import type { Phase } from "../definition/definition.ts";
import { NETWORK_ADMIN, NETWORK_ADMIN_REMEDY, ownsItsNetwork } from "../definition/network-admin.ts";
import { type NetworkKind, networkKind } from "../definition/service-network.ts";
import { PRIVATE_IDS } from "../definition/private-users.ts";
import { rlimitName } from "../definition/rlimit.ts";
import { extraCalls } from "../definition/seccomp.ts";
import { linuxkitCapabilities, sandboxCapabilities } from "./capabilities.ts";
import { type EffectiveFields, ownSources } from "./effective.ts";
import { containerMounts, linuxkitMountRules } from "./mounts.ts";
import { linuxkitNamespaces, sandboxNamespaces } from "./namespaces.ts";
import { processUser, type UserContext } from "./process-user.ts";
import { defaultSeccomp } from "./seccomp.ts";
import { sandboxDefaults, hostsMount, sandboxMountRules, secretsMount } from "./sandbox.ts";

/** What {@link ociConfig} needs besides the fields. */
export interface OciContext extends UserContext {
  /** The container's name. */
  readonly name: string;
  readonly phase: Phase;
  /** The container's folder, without a slash at its beginning. */
  readonly bundle: string;
  /** Whether its `egress` names services, which it then finds in `/etc/hosts`. */
  readonly namesOthers: boolean;
  /** Whether the container runtime may support only version 1.0 of the specification. */
  readonly oldRuntime: boolean;
  /** The first of the container's own 65536 user and group ids; 0 if it uses the machine's ids. */
  readonly idBase: number;
  /** The volumes whose filesystem supports id-mapped mounts. */
  readonly idMapped: ReadonlySet<string>;
  /** The machine's architecture: names and arguments of system calls depend on it. */
  readonly arch: Arch;
}

/** `config.json` of a container, and values derived from the same fields. */
export interface OciConfig {
  readonly config: object;
  readonly readonly: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly network: NetworkKind;
  /** Whether it has its own network namespace. */
  readonly privateNetwork: boolean;
  /** The limit of its processes and threads; 0 if it has none. */
  readonly pids: number;
  /** The limit of its memory, in bytes; 0 if it has none. */
  readonly memory: number;
}

/** The version that LinuxKit writes. */
const LINUXKIT_OCI_VERSION = "1.2.1";

/** The version that every runtime accepts: crun before 1.9, as in Debian 12, refuses other than 1.0. */
const OLD_OCI_VERSION = "1.0.2";

// the runtimes read an unsigned 64-bit number, which no JavaScript number holds exactly
const UNLIMITED = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON("18446744073709551615");

/**
 * The OCI runtime configuration of a container (runtime-spec, config.md and config-linux.md). With
 * `sandbox: "linuxkit"` it is the one that LinuxKit writes, otherwise that of the default sandbox. Its members are in the
 * specification's order; empty ones are left out.
 *
 * @throws INVALID_DEFINITION
 */
export function ociConfig(merged: EffectiveFields, context: OciContext): OciConfig {
  const { name, path, container, idBase } = context;
  const linuxkit = container.sandbox === "linuxkit";
  const network = networkKind(container, context.phase, merged.net);
  const fields = linuxkit ? merged : sandboxDefaults(network === "private" ? { ...merged, net: network } : merged, name);
  const mapping = idBase > 0 ? [{ containerID: 0, hostID: idBase, size: PRIVATE_IDS }] : undefined;
  const { uid, gid, additionalGids } = processUser(fields, context);
  if (idBase > 0) checkMapped([uid, gid, ...additionalGids], path);
  const capabilities = expandCapabilities(fields.capabilities);
  const ambient = expandCapabilities(fields.ambient);
  // the image's label can give it too
  if (network === "private" && !ownsItsNetwork(fields.userns) && [...capabilities, ...ambient].includes(NETWORK_ADMIN)) {
    const at = `${path}.capabilities`;
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${at}: got ${NETWORK_ADMIN}, which reaches the machine's links from a network beside the machine's; wanted ${NETWORK_ADMIN_REMEDY}`,
      { path: at },
    );
  }
  if (!linuxkit && fields.command.length === 0) {
    const at = `${path}.command`;
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${at}: got no command in the definition or the image, wanted a program and its arguments`,
      { path: at },
    );
  }
  const secrets = Object.keys(container.secrets ?? {}).length > 0 ? secretsMount(name) : undefined;
  const hosts = network === "private" && context.namesOthers ? hostsMount(context.bundle) : undefined;
  const rules = linuxkit
    ? linuxkitMountRules(fields)
    : sandboxMountRules({ uid, gid, cgroup: container.cgroup, more: [secrets, hosts].filter((mount) => mount !== undefined) });
  const mounts = containerMounts(
    fields,
    linuxkit && secrets ? { ...rules, defaults: [...rules.defaults, secrets] } : rules,
    { ...ownSources(container), idMapped: idBase > 0 ? context.idMapped : NONE },
    path,
  );
  const namespaces = linuxkit ? linuxkitNamespaces(fields) : sandboxNamespaces(fields, container.cgroup);
  const config = {
    ociVersion: linuxkit && !context.oldRuntime ? LINUXKIT_OCI_VERSION : OLD_OCI_VERSION,
    process: {
      user: { uid, gid, ...some("additionalGids", additionalGids) },
      ...some("args", fields.command),
      ...some("env", fields.env),
      cwd: fields.cwd,
      capabilities: linuxkit ? linuxkitCapabilities(capabilities, ambient) : sandboxCapabilities(capabilities, ambient, uid),
      ...some("rlimits", (fields.rlimits ?? []).map(rlimit)),
      ...(fields.noNewPrivileges && { noNewPrivileges: true }),
      ...(fields.oomScoreAdj !== undefined && { oomScoreAdj: fields.oomScoreAdj }),
    },
    root: { path: "rootfs", ...(fields.readonly && { readonly: true }) },
    ...(fields.hostname && { hostname: fields.hostname }),
    mounts,
    ...some("annotations", fields.annotations),
    linux: {
      ...some("uidMappings", mapping ?? fields.uidMappings),
      ...some("gidMappings", mapping ?? fields.gidMappings),
      ...some("sysctl", fields.sysctl),
      resources: resources(fields, linuxkit),
      ...(fields.cgroupsPath && { cgroupsPath: fields.cgroupsPath }),
      namespaces,
      ...some("devices", deviceNodes(fields)),
      ...(fields.rootfsPropagation && { rootfsPropagation: fields.rootfsPropagation }),
      ...some("maskedPaths", fields.maskedPaths),
      ...some("readonlyPaths", fields.readonlyPaths),
      ...some("seccomp", seccompOf(container, [...capabilities, ...ambient], context.arch)),
    },
  };
  return {
    config,
    readonly: fields.readonly ?? false,
    uid,
    gid,
    network,
    privateNetwork: namespaces.some(({ type }) => type === "network"),
    pids: Math.max(0, fields.resources?.pids?.limit ?? 0),
    memory: Math.max(0, fields.resources?.memory?.limit ?? 0),
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Whether the container has its own range of user ids, which LinuxKit's sandbox does not support. */
export function hasPrivateUsers({ userns }: EffectiveFields, { sandbox }: Container): boolean {
  return sandbox !== "linuxkit" && userns === "private";
}

// a name can have an id from the image
function checkMapped(ids: readonly number[], path: string): void {
  const beyond = ids.find((id) => id >= PRIVATE_IDS);
  if (beyond === undefined) return;
  const at = `${path}.userns`;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${at}: the process has user or group id ${beyond}, wanted at most ${PRIVATE_IDS - 1} with userns: "private"`,
    { path: at },
  );
}

/** LinuxKit has no filter, so its sandbox only has one if the definition sets it. */
function seccompOf({ seccomp, sandbox }: Container, capabilities: readonly string[], arch: Arch): object | undefined {
  const meant = seccomp ?? (sandbox === "linuxkit" ? "unconfined" : "default");
  if (meant === "unconfined") return undefined;
  if (typeof meant === "object" && !("base" in meant)) return meant;
  return defaultSeccomp(capabilities, arch, extraCalls(meant));
}

function deviceNodes({ devices = [] }: EffectiveFields): object[] {
  return devices
    .filter(({ path }) => path !== "all")
    .map(({ path, type, major = 0, minor = 0, mode = "0" }) => ({ path, type, major, minor, fileMode: Number.parseInt(mode, 8) }));
}

/** Control group limits, with a rule for each device of the container; the default sandbox denies all other devices. */
function resources({ resources: given = {}, devices = [] }: EffectiveFields, linuxkit: boolean): object {
  const { devices: rules = [], blockio, ...rest } = given;
  const denied = linuxkit ? [] : [{ allow: false, access: "rwm" }];
  const allowed = devices.map(({ path, type, major = 0, minor = 0 }) =>
    path === "all" ? { allow: true, type, access: "rwm" } : { allow: true, type, major, minor, access: "rwm" },
  );
  return { ...some("devices", [...denied, ...rules, ...allowed]), ...rest, ...(blockio && { blockIO: blockio }) };
}

function rlimit(text: string): object {
  const [name = "", soft = "", hard = ""] = text.split(",").map((part) => part.trim());
  const number = (value: string): unknown => {
    if (value.toLowerCase() === "unlimited") return UNLIMITED;
    // stays exact beyond 2^53
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(BigInt(value).toString());
  };
  return { type: rlimitName(name), hard: number(hard), soft: number(soft) };
}

/** An object with one member, or without it if its value is empty. */
function some(name: string, value: readonly unknown[] | object | undefined): object {
  return value === undefined || Object.keys(value).length === 0 ? {} : { [name]: value };
}
