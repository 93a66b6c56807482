import { LinuxKitError } from "../core/errors.ts";
import { typeOf, usualDestination } from "../definition/mount.ts";
import { volumeMount } from "../definition/volume.ts";
import type { EffectiveFields, OwnSources } from "./effective.ts";

/** A mount in `config.json` and `runtime.json`. */
export interface Mount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
  readonly uidMappings?: readonly object[];
  readonly gidMappings?: readonly object[];
}

/** The mounts and mount options of a sandbox. */
export interface MountRules {
  readonly defaults: readonly Mount[];
  /** The options of a bind, from those in the definition; `undefined` if it has no options. */
  readonly bindOptions: (given: readonly string[] | undefined) => readonly string[];
  /** The options of a tmpfs, from those in the definition. */
  readonly tmpfsOptions: (destination: string, given: readonly string[]) => readonly string[];
}

// crun's own option (crun.1, "idmap mount options"): maps ids as the container's user namespace does. The source must be
// the mount point itself, because crun does not follow a symlink to it.
const ID_MAPPED = ["idmap"];

/**
 * The mounts of a container, sorted by destination. If several have the same destination, the last kind wins: defaults,
 * then `tmpfs`, `binds`, `mounts`.
 *
 * @param own the binds and mounts of the definition, where a source without a slash is a volume's name; and the volumes
 * that are mounted with ids mapped to the container's users
 * @param path the container's path in the definition, for messages
 * @throws INVALID_DEFINITION for a mount without a type or destination
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
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${at}: got no ${type ? "destination" : "type"}, which this mount needs: set ${type ? "destination" : "type"}`,
        {
          path: at,
        },
      );
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

// a source that is not a path is a volume's name, which the definition's check has verified
function volumePath(source: string): string {
  return source.startsWith("/") ? source : `/containers/volumes/${source}/merged`;
}
