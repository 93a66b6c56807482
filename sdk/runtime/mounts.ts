import { LinuxKitError } from "../core/errors.ts";
import { typeOf, usualDestination } from "../definition/mount.ts";
import { volumeMount } from "../definition/volume.ts";
import type { EffectiveFields, OwnSources } from "./effective.ts";

/** A mount as `config.json` and `runtime.json` hold it. */
export interface Mount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
  readonly uidMappings?: readonly object[];
  readonly gidMappings?: readonly object[];
}

/** How one way of running containers differs from another in its mounts. */
export interface MountRules {
  readonly defaults: readonly Mount[];
  /** Options of a bind, from those that were given; `undefined` when none were. */
  readonly bindOptions: (given: readonly string[] | undefined) => readonly string[];
  /** Options of a tmpfs, from those that were given. */
  readonly tmpfsOptions: (destination: string, given: readonly string[]) => readonly string[];
}

// crun's own option (crun.1, "idmap mount options"): the container's user namespace is the mapping. The source must be
// the mount itself: crun follows no link to it.
const ID_MAPPED = ["idmap"];

/**
 * The mounts of a container, in the order of their destinations. At one destination the later kind wins: defaults,
 * then `tmpfs`, `binds`, `mounts`.
 *
 * @param own what the definition gave, and not a label: only there is a source without a slash a volume's name; and
 * the volumes that are shown with the owners that the container's users have inside
 */
export function containerMounts(
  fields: EffectiveFields,
  rules: MountRules,
  own: OwnSources & { readonly idMapped: ReadonlySet<string> },
  path: string,
): Mount[] {
  const mounts = new Map(rules.defaults.map((mount) => [mount.destination, mount]));
  const put = (mount: Mount): unknown => mounts.set(mount.destination, mount);
  for (const text of fields.tmpfs ?? []) {
    const [destination = "", options] = text.split(":");
    put(mountOf(destination, "tmpfs", "tmpfs", rules.tmpfsOptions(destination, options === undefined ? [] : options.split(","))));
  }
  const binds = fields.binds ?? [];
  for (const [index, text] of binds.entries()) {
    const [source = "", destination = "", options] = text.split(":");
    const named = index >= binds.length - own.binds;
    const mapped = named && own.idMapped.has(source);
    put(
      mountOf(destination, "bind", mapped ? volumeMount(source) : named ? volumePath(source) : source, [
        ...rules.bindOptions(options?.split(",")),
        ...(mapped ? ID_MAPPED : []),
      ]),
    );
  }
  for (const [index, mount] of (fields.mounts ?? []).entries()) {
    const type = mount.type ?? typeOf(mount);
    const destination = mount.destination ?? (type && usualDestination(type));
    if (!type || !destination) {
      const at = `${path}.mounts[${index}]`;
      throw new LinuxKitError("INVALID_DEFINITION", `${at}: got no ${type ? "destination" : "type"}, and none follows from the rest`, {
        path: at,
      });
    }
    const named = own.mounts && type === "bind" && mount.source;
    const mapped = named && own.idMapped.has(named);
    put({
      ...mountOf(destination, type, mapped ? volumeMount(named) : named ? volumePath(named) : (mount.source ?? type), [
        ...(mount.options ?? []),
        ...(mapped ? ID_MAPPED : []),
      ]),
      ...(mount.uidmappings && { uidMappings: mount.uidmappings }),
      ...(mount.gidmappings && { gidMappings: mount.gidmappings }),
    });
  }
  return [...mounts.values()].sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** LinuxKit's mounts (linuxkit, `moby/config.go`). */
export function linuxkitMountRules({ readonly }: EffectiveFields): MountRules {
  const ro = readonly ? ["ro"] : [];
  return {
    defaults: [
      mountOf("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k", ...ro]),
      mountOf("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
      mountOf("/proc", "proc", "proc", ["nosuid", "nodev", "noexec", "relatime"]),
      mountOf("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", ...ro]),
      mountOf("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
    ],
    bindOptions: (given) => (given ? [...given, "rbind"] : ["rw", "rbind", "rshared"]),
    tmpfsOptions: (_, given) => given,
  };
}

export function mountOf(destination: string, type: string, source: string, options: readonly string[]): Mount {
  return { destination, type, source, ...(options.length > 0 && { options }) };
}

// a source that is no path is a volume's name: the definition's check has seen that there is one
function volumePath(source: string): string {
  return source.startsWith("/") ? source : `/containers/volumes/${source}/merged`;
}
