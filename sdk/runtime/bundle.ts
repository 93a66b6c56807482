import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import { formatPath } from "../core/property-path.ts";
import type { Container } from "../definition/container.ts";
import type { ImageSource } from "../definition/debian-image.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { containersOf, type Definition, type Phase } from "../definition/definition.ts";
import { SIGTERM, signalNumber } from "../definition/signal.ts";
import { type NetworkKind, namedServices } from "../definition/service-network.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { expandReference } from "../oci/reference.ts";
import { accountsFor, containerAccounts } from "./account.ts";
import { effectiveFields } from "./effective.ts";
import { idRanges } from "./id-ranges.ts";
import { hasPrivateUsers, ociConfig } from "./oci-config.ts";
import { runtimeJson } from "./runtime-json.ts";

/** One container as laid out in the OS. Paths are relative to the root of the OS. */
export interface Bundle {
  readonly phase: Phase;
  readonly name: string;
  /** Position in its phase. */
  readonly index: number;
  /** `containers/services/web`, `containers/onboot/000-dhcp` */
  readonly path: string;
  /** Its path in the definition: `services.web`. */
  readonly location: string;
  /** Without the secrets' values. */
  readonly container: Omit<Container, "secrets">;
  /** Names of its secrets. */
  readonly secrets: readonly string[];
  /** The folder of its unpacked image. */
  readonly tree: string;
  /** Whether its image is unpacked at {@link tree} for this bundle; if not, an earlier bundle shares it. */
  readonly unpacks: boolean;
  /** Empty directories to make, with mode 0755; they belong to its user 0. */
  readonly directories: readonly string[];
  readonly readonly: boolean;
  readonly uid: number;
  readonly gid: number;
  /** The machine's user id for its user 0; 0 unless `userns` is `private`. */
  readonly idBase: number;
  readonly network: NetworkKind;
  /** Whether it has its own network namespace. */
  readonly privateNetwork: boolean;
  /** The limit of its memory, in bytes; 0 if it has none. */
  readonly memory: number;
  /** The limit of its processes and threads; 0 if it has none. */
  readonly pids: number;
  /** Whether it uses the control group with its name, the default. */
  readonly ownGroup: boolean;
  /** The number of the signal that asks it to end. */
  readonly stopSignal: number;
  /** Text of `config.json`. */
  readonly config: string;
  /** Text of `runtime.json`. */
  readonly runtime: string;
}

/**
 * Lays out every container of a definition, in LinuxKit's order: onboot, onshutdown, services. Containers with the same
 * image and the same user ids share it: the first one unpacks it, and the others mount it from there.
 *
 * @param arch the machine's architecture
 * @param imageConfig returns the configuration of the resolved image at `location`
 * @throws INVALID_DEFINITION for errors that depend on the image's label or configuration
 */
export function bundles(definition: Definition, imageConfig: (image: ImageSource, location: string) => ImageConfig, arch: Arch): Bundle[] {
  const accounts = containerAccounts(definition);
  const oldRuntime = definition.init.some((image) => typeof image !== "string" && image.debian.role === "init");
  const trees = new Map<string, string>();
  const idMapped = new Set(Object.entries(definition.volumes).flatMap(([name, { persistent }]) => (persistent ? [name] : [])));
  const containers = containersOf(definition).map((placed) => {
    const location = formatPath(placed.steps);
    const image = imageConfig(placed.container.image, location);
    return {
      ...placed,
      location,
      known: `${placed.phase}/${placed.name}`,
      image,
      fields: effectiveFields(placed.container, image, placed.phase, location),
    };
  });
  // the runtime names a group after the container's folder, which is its id
  const owners = new Map(containers.map(({ directory, location }) => [directory, location]));
  const ranges = idRanges(containers.flatMap(({ known, fields, container }) => (hasPrivateUsers(fields, container) ? [known] : [])));
  return containers.map(({ phase, name, index, directory, location, known, image, fields, container }) => {
    const { secrets = {}, ...shown } = container;
    const path = `containers/${phase}/${directory}`;
    checkGroup(fields.cgroupsPath, location, owners);
    const idBase = ranges.get(known) ?? 0;
    const { config, readonly, uid, gid, network, privateNetwork, pids, memory } = ociConfig(fields, {
      name,
      path: location,
      phase,
      bundle: path,
      namesOthers: namedServices(container, definition.services).length > 0,
      container,
      image,
      oldRuntime,
      arch,
      idBase,
      idMapped,
      ...accountsFor(container, accounts),
    });
    const key = `${imageKey(container.image)} ${idBase}`;
    const shared = trees.get(key);
    const tree = shared ?? `${path}/${readonly ? "rootfs" : "lower"}`;
    trees.set(key, tree);
    return {
      phase,
      name,
      index,
      path,
      location,
      container: shown,
      secrets: Object.keys(secrets),
      tree,
      unpacks: shared === undefined,
      directories: readonly ? [`${path}/rootfs`] : [`${path}/tmp`, `${path}/rootfs`],
      readonly,
      uid,
      gid,
      idBase,
      network,
      privateNetwork,
      memory,
      pids,
      ownGroup: !fields.cgroupsPath,
      stopSignal: stopSignalOf(container, image, location),
      config: jsonText(config),
      runtime: jsonText(runtimeJson(fields, { bundle: path, tree, readonly })),
    };
  });
}

// the end of a container can be the end of its whole group, which may not be that of another
function checkGroup(group: string | undefined, location: string, owners: ReadonlyMap<string, string>): void {
  const owner = owners.get(group?.split("/").find((part) => part !== "" && part !== ".") ?? "");
  if (owner === undefined || owner === location) return;
  const at = `${location}.cgroupsPath`;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${at}: got ${JSON.stringify(group)}, the control group of ${owner}; wanted a path that begins otherwise, or none`,
    { path: at },
  );
}

/** LinuxKit sends SIGTERM to every container. */
function stopSignalOf({ stopSignal, sandbox }: Container, image: ImageConfig, location: string): number {
  const meant = stopSignal ?? (sandbox === "linuxkit" ? "" : image.stopSignal);
  if (meant === "") return SIGTERM;
  const number = signalNumber(meant);
  if (number !== undefined) return number;
  const path = `${location}.image`;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: its STOPSIGNAL ${JSON.stringify(meant)} is not a signal of Linux: set stopSignal`,
    { path },
  );
}

/** The image configuration of an image made from packages. Its `config` takes the place of a label. */
export function debianImageConfig(image: DebianImage): ImageConfig {
  return { entrypoint: [], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label: image.config };
}

/** JSON as LinuxKit writes it: four spaces, no newline at the end. */
export function jsonText(value: object): string {
  return JSON.stringify(value, undefined, 4);
}

// by reference, as in LinuxKit: an image with two references is unpacked twice
function imageKey(image: ImageSource): string {
  if (typeof image !== "string") return canonicalJson(image.debian);
  return /^(oci|docker-archive):/.test(image) ? image : expandReference(image);
}
