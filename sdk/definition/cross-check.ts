import type { Step } from "../core/property-path.ts";
import { authorityFailures } from "./authority-check.ts";
import type { Container } from "./container.ts";
import type { DebianImage } from "./debian-image.ts";
import { containersOf, type Definition, type Placed } from "./definition.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { forwardFailures } from "./forward-check.ts";
import { hardeningConflicts } from "./hardening-conflicts.ts";
import { isDeferred } from "../core/deferred.ts";
import { itemsOf } from "./inputs.ts";
import { hiddenFiles } from "./hidden-files.ts";
import { hasOwnInit } from "./own-init.ts";
import { nameFailures } from "./name-check.ts";
import { healthPorts, networkKind } from "./service-network.ts";
import { networkAdminFailures } from "./network-admin.ts";
import { privateUserFailures } from "./private-users.ts";
import { privateNetworkFailures, serviceFailures } from "./service-check.ts";
import { settingFailures } from "./setting-check.ts";
import { didYouMean } from "../core/suggest.ts";

/**
 * Checks across several fields: unknown names, duplicate names, ports and namespaces that exclude each other. Unknown
 * values are ignored.
 */
export function crossFailures(definition: Definition): Failure[] {
  const containers = containersOf(definition);
  const names = new Set(containers.map(({ name }) => name));
  return [
    ...duplicateTasks(definition, "onboot"),
    ...duplicateTasks(definition, "onshutdown"),
    ...nameFailures(definition),
    ...settingFailures(definition),
    ...containers.flatMap((placed) => [
      ...volumeFailures(placed, definition),
      ...ownerFailures(placed, names),
      ...(placed.container.sandbox === "linuxkit" ? [] : sandboxFailures(placed)),
      ...labelFailures(placed),
      ...cgroupFailures(placed),
      ...moduleFailures(placed, definition),
      ...privateNetworkFailures(placed),
      ...privateUserFailures(placed),
      ...networkAdminFailures(placed),
    ]),
    ...definition.files.flatMap((file, index) =>
      (["uid", "gid"] as const).flatMap((field) => ownerFailure(["files", index, field], file[field], names, "container")),
    ),
    ...hiddenFiles(definition),
    ...persistentFailures(definition),
    ...healthPortFailures(definition),
    ...authorityFailures(definition),
    ...apiFailures(definition),
    ...serviceFailures(definition),
    ...forwardFailures(definition),
    ...hardeningConflicts(definition),
  ];
}

// LinuxKit numbers its tasks, so a name may occur twice; elsewhere a name identifies a task
function duplicateTasks(definition: Definition, phase: "onboot" | "onshutdown"): Failure[] {
  const tasks = definition[phase];
  return tasks.flatMap((task, index) => {
    const first = tasks.findIndex((other) => other.name === task.name);
    if (first === index || (task.sandbox === "linuxkit" && tasks[first]?.sandbox === "linuxkit")) return [];
    return [failure([phase, index, "name"], `${shown(task.name)} is also the name of ${phase}[${first}], wanted another`)];
  });
}

function volumeFailures({ steps, container }: Placed, { volumes }: Definition): Failure[] {
  const failures: Failure[] = [];
  const use = (source: string, options: readonly string[], at: readonly Step[]): void => {
    if (source.startsWith("/")) return;
    const volume = Object.hasOwn(volumes, source) ? volumes[source] : undefined;
    if (!volume) {
      const known = Object.keys(volumes);
      const wanted =
        known.length > 0
          ? `, wanted an absolute path or one of ${known.join(", ")}`
          : ", wanted an absolute path: this image has no volumes";
      failures.push(failure(at, `volume ${shown(source)} not found${didYouMean(source, known) || wanted}`));
    } else if (volume.readonly === true && !isReadOnly(options)) {
      failures.push(failure(at, `volume ${shown(source)} is read-only, wanted the option "ro"`));
    }
  };
  for (const field of ["binds", "binds.add"] as const) {
    for (const [index, bind] of itemsOf(container[field])) {
      if (typeof bind !== "string") continue;
      const [source = "", , options = ""] = bind.split(":");
      use(source, options.split(","), [...steps, field, index]);
    }
  }
  for (const [index, mount] of itemsOf(container.mounts)) {
    if (isDeferred(mount) || mount.type !== "bind" || typeof mount.source !== "string") continue;
    use(
      mount.source,
      itemsOf(mount.options).map(([, option]) => String(option)),
      [...steps, "mounts", index, "source"],
    );
  }
  return failures;
}

// the first of the two counts
function isReadOnly(options: readonly string[]): boolean {
  return options.find((option) => option === "ro" || option === "rw") === "ro";
}

function ownerFailures({ steps, container }: Placed, names: ReadonlySet<string>): Failure[] {
  const { users, groups } = accountsOf(container);
  const all = (more: readonly string[]): Set<string> => new Set([...names, ...more]);
  // which users a package makes is known to the build only
  const remedy = isFromPackages(container) ? (name: string) => `, or users: [{ name: ${shown(name)}, uid: 1000 }] of its image` : undefined;
  return [
    ...ownerFailure([...steps, "uid"], container.uid, all(users), "container or user of the image", remedy),
    ...ownerFailure([...steps, "gid"], container.gid, all(groups), "container or group of the image"),
    ...itemsOf(container.additionalGids).flatMap(([index, gid]) =>
      ownerFailure([...steps, "additionalGids", index], gid, all(groups), "container or group of the image"),
    ),
  ];
}

function ownerFailure(
  steps: readonly Step[],
  owner: unknown,
  known: ReadonlySet<string>,
  what: string,
  remedy = (_: string) => "",
): Failure[] {
  if (typeof owner !== "string" || owner === "" || owner === "root" || known.has(owner)) return [];
  const number = /^\d+$/.test(owner) ? ": a number is written without quotes" : didYouMean(owner, known);
  return [
    failure(
      steps,
      `got ${shown(owner)}, which is not a ${what}${number || `, wanted a number${known.size > 0 ? ` or one of ${[...known].join(", ")}` : ""}${remedy(owner)}`}`,
    ),
  ];
}

/** Users and groups that an image made from packages declares; those of other images are unknown here. */
function accountsOf(container: Container): { users: string[]; groups: string[] } {
  if (!isFromPackages(container)) return { users: [], groups: [] };
  const { image } = container;
  const users = itemsOf(image.debian.users).map(([, user]) => user);
  const named = [...users.map((user) => user.group ?? user.name), ...itemsOf(image.debian.groups).map(([, group]) => group.name)];
  return { users: users.map((user) => user.name), groups: named };
}

function isFromPackages(container: Container): container is Container & { readonly image: DebianImage } {
  return typeof container.image === "object" && !isDeferred(container.image) && !isDeferred(container.image.debian);
}

const NAMESPACE_WORDS = {
  net: ["host", "root", "none", "new", "private"],
  ipc: ["host", "root", "new"],
  uts: ["host", "root", "new"],
  pid: ["host", "root", "new"],
  userns: ["host", "root", "new", "private"],
} as const satisfies { readonly [field in keyof Container]?: readonly string[] };

/** Fields that the default sandbox refuses, because they would have no effect, or not the intended one. */
function sandboxFailures({ steps, container }: Placed): Failure[] {
  const failures: Failure[] = [];
  for (const field of ["capabilities", "binds"] as const) {
    if (container[field] !== undefined && container[`${field}.add`] !== undefined) {
      failures.push(failure([...steps, `${field}.add`], `has no effect beside ${field}: wanted one of the two`));
    }
  }
  for (const [field, words] of Object.entries(NAMESPACE_WORDS)) {
    const value = container[field as keyof typeof NAMESPACE_WORDS];
    if (typeof value !== "string" || value === "" || value.startsWith("/") || (words as readonly string[]).includes(value)) continue;
    failures.push(
      failure(
        [...steps, field],
        `got ${shown(value)}, wanted ${words.map((word) => shown(word)).join(", ")} or an absolute path${didYouMean(value, words)}`,
      ),
    );
  }
  if (container.hostname && (container.uts === "host" || container.uts === "root")) {
    failures.push(
      failure([...steps, "hostname"], `got ${shown(container.hostname)}, which needs a uts namespace of its own: leave out uts`),
    );
  }
  return failures;
}

function labelFailures({ steps, container: { label, sandbox, image } }: Placed): Failure[] {
  if (label === undefined || isDeferred(label) || isDeferred(sandbox) || isDeferred(image)) return [];
  const why =
    sandbox === "linuxkit"
      ? 'has no effect beside sandbox: "linuxkit", where all of a label counts'
      : typeof image === "object"
        ? "has no effect on an image made from packages, which has no label"
        : undefined;
  return why === undefined ? [] : [failure([...steps, "label"], `${why}: leave it out`)];
}

function cgroupFailures({ steps, container: { cgroup, sandbox, cgroupsPath } }: Placed): Failure[] {
  if (cgroup === undefined || isDeferred(cgroup) || isDeferred(sandbox)) return [];
  if (sandbox === "linuxkit" && cgroup !== "host")
    return [failure([...steps, "cgroup"], `got ${shown(cgroup)}, which LinuxKit does not have: leave out cgroup, or sandbox: "linuxkit"`)];
  // what is delegated is changed as a whole
  return cgroup === "delegated" && cgroupsPath && !isDeferred(cgroupsPath)
    ? [
        failure(
          [...steps, "cgroupsPath"],
          `got ${shown(cgroupsPath)} beside cgroup: "delegated", which needs a group of its own: leave it out`,
        ),
      ]
    : [];
}

/** Only our own init loads modules, and only those of Debian's kernel have known names. */
function moduleFailures({ steps, container: { modules } }: Placed, definition: Definition): Failure[] {
  const { kernel, init } = definition;
  if (itemsOf(modules).length === 0 || isDeferred(init) || isDeferred(kernel) || isDeferred(kernel?.image)) return [];
  const isDebian = kernel === undefined || (typeof kernel.image === "object" && kernel.image.debian.role === "kernel");
  if (isDebian && (kernel === undefined || hasOwnInit(definition))) return [];
  const wanted = isDebian ? "init: [debian.init()]" : "the kernel debian.kernel()";
  return [failure([...steps, "modules"], `has no effect here: wanted ${wanted}, or a task that loads them from the image of the kernel`)];
}

function persistentFailures({ volumes, onboot }: Definition): Failure[] {
  const labels = new Map<string, string>();
  return Object.entries(volumes).flatMap(([name, { persistent, image, readonly, format, platforms }]) => {
    if (!persistent || isDeferred(persistent)) return [];
    const failures: Failure[] = [];
    const fail = (field: string, why: string): unknown => failures.push(failure(["volumes", name, field], why));
    if (image !== undefined) fail("image", "a persistent volume begins empty: wanted no image");
    if (readonly === true)
      fail(
        "readonly",
        'got true, but then nothing could be written to a persistent volume: wanted the option "ro" in the binds that must not write',
      );
    if (format === "oci" || itemsOf(platforms).length > 0)
      fail("format", "a persistent volume holds no image: wanted neither format nor platforms");
    failures.push(...orderFailures(name, persistent.after, onboot));
    const { label } = persistent;
    if (typeof label !== "string") return failures;
    // the label's default is the volume's name, which may be longer
    if (label.length > 16 || !/^[A-Za-z0-9]/.test(label))
      fail("persistent", `the volume's name is not a filesystem label, wanted "label" with at most 16 letters, digits, ".", "_" or "-"`);
    const first = labels.get(label);
    if (first !== undefined) fail("persistent", `the label ${shown(label)} is also that of volumes.${first}, wanted another`);
    labels.set(label, name);
    return failures;
  });
}

/** Checks that the task after which a volume is mounted exists, and that no earlier task uses the volume. */
function orderFailures(volume: string, after: string | undefined, onboot: Definition["onboot"]): Failure[] {
  if (typeof after !== "string" || onboot.some(({ name }) => typeof name !== "string")) return [];
  const names = onboot.map(({ name }) => name);
  const at = names.indexOf(after);
  if (at < 0)
    return [
      failure(
        ["volumes", volume, "persistent", "after"],
        `onboot task ${shown(after)} not found${didYouMean(after, names) || `, wanted ${names.length > 0 ? `one of ${names.join(", ")}` : "none: this image has no onboot tasks"}`}`,
      ),
    ];
  return onboot.slice(0, at + 1).flatMap((task, index) =>
    (["binds", "binds.add"] as const).flatMap((field) =>
      itemsOf(task[field]).flatMap(([item, bind]) => {
        if (typeof bind !== "string" || bind.split(":")[0] !== volume) return [];
        return [
          failure(
            ["onboot", index, field, item],
            `volume ${shown(volume)} is mounted after the task ${shown(after)}, wanted this task behind it`,
          ),
        ];
      }),
    ),
  );
}

function apiFailures({ api, healthPort, services, init }: Definition): Failure[] {
  if (api === undefined || isDeferred(api)) return [];
  const failures: Failure[] = [];
  if (!isDeferred(init) && !init.some((source) => isDeferred(source) || (typeof source === "object" && source.debian.role === "init")))
    failures.push(failure(["api"], "got an interface, which needs the guest's own init: set init: [debian.init()]"));
  if (typeof api.port !== "number") return failures;
  if (api.port === healthPort) failures.push(failure(["api", "port"], `got ${api.port}, which is healthPort: wanted another port`));
  for (const [name, service] of Object.entries(services)) {
    if (isDeferred(service) || networkKind(service) !== "host") continue;
    if (healthPorts(service.health).some(({ port }) => port === api.port))
      failures.push(failure(["api", "port"], `got ${api.port}, on which services.${name} answers: wanted another port`));
  }
  return failures;
}

function healthPortFailures({ healthPort, services }: Definition): Failure[] {
  if (typeof healthPort !== "number") return [];
  return Object.entries(services).flatMap(([name, service]) => {
    if (isDeferred(service) || networkKind(service) !== "host") return [];
    return healthPorts(service.health).some(({ port }) => port === healthPort)
      ? [failure(["healthPort"], `got ${healthPort}, on which services.${name} answers: wanted another port`)]
      : [];
  });
}
