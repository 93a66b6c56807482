import type { Arch } from "../core/arch.ts";
import { canonicalJson } from "../core/json.ts";
import { formatPath } from "../core/property-path.ts";
import type { Container, ImageSource } from "../definition/container.ts";
import type { DebianImage } from "../definition/debian-image.ts";
import { containersOf, type Definition, type Phase } from "../definition/definition.ts";
import type { NetworkKind } from "../definition/service-network.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { expandReference } from "../oci/reference.ts";
import { accountsFor, containerAccounts } from "./account.ts";
import { effectiveFields } from "./effective.ts";
import { idRanges } from "./id-ranges.ts";
import { hasPrivateUsers, ociConfig } from "./oci-config.ts";
import { runtimeJson } from "./runtime-json.ts";

/** One container as it lies in the OS. Paths are relative to the root of the OS. */
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
  /** Where its image lies. */
  readonly tree: string;
  /** Whether its image is to be unpacked at {@link tree}; otherwise an earlier bundle did that. */
  readonly unpacks: boolean;
  /** Empty directories (0755) to make in it, which belong to its user 0. */
  readonly directories: readonly string[];
  readonly readonly: boolean;
  readonly uid: number;
  readonly gid: number;
  /** What its user 0 is on the machine: 0 without a user namespace of our making. */
  readonly idBase: number;
  readonly network: NetworkKind;
  /** It has a network namespace of its own. */
  readonly privateNetwork: boolean;
  /** It has a limit of memory. */
  readonly memoryLimited: boolean;
  /** Its control group is the one that has its name. */
  readonly ownGroup: boolean;
  /** Text of `config.json`. */
  readonly config: string;
  /** Text of `runtime.json`. */
  readonly runtime: string;
}

/**
 * Lays out every container of a definition, in LinuxKit's order: onboot, onshutdown, services. Of containers with
 * the same image, and the same owners of its files, the first unpacks it and the others mount it from there.
 *
 * @param arch of the machine
 * @param imageConfig what the image at `location` says, once it is resolved
 * @throws INVALID_DEFINITION for what only the image's label or configuration brings to light
 */
export function bundles(definition: Definition, imageConfig: (image: ImageSource, location: string) => ImageConfig, arch: Arch): Bundle[] {
  const accounts = containerAccounts(definition);
  const oldRuntime = definition.init.some((image) => typeof image !== "string" && image.debian.role === "init");
  const trees = new Map<string, string>();
  const idMapped = new Set(Object.entries(definition.volumes).flatMap(([name, { persistent }]) => (persistent ? [name] : [])));
  const containers = containersOf(definition).map((placed) => {
    const location = formatPath(placed.steps);
    return {
      ...placed,
      location,
      known: `${placed.phase}/${placed.name}`,
      fields: effectiveFields(placed.container, imageConfig(placed.container.image, location), location),
    };
  });
  const ranges = idRanges(containers.flatMap(({ known, fields, container }) => (hasPrivateUsers(fields, container) ? [known] : [])));
  return containers.map(({ phase, name, index, directory, location, known, fields, container }) => {
    const { secrets = {}, ...shown } = container;
    const path = `containers/${phase}/${directory}`;
    const idBase = ranges.get(known) ?? 0;
    const { config, readonly, uid, gid, network, privateNetwork } = ociConfig(fields, {
      name,
      path: location,
      phase,
      container,
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
      memoryLimited: fields.resources?.memory?.limit !== undefined,
      ownGroup: !fields.cgroupsPath,
      config: jsonText(config),
      runtime: jsonText(runtimeJson(fields, { bundle: path, tree, readonly })),
    };
  });
}

/** What an image made from packages says about its containers: its `config` stands in the place of a label. */
export function debianImageConfig(image: DebianImage): ImageConfig {
  return { entrypoint: [], cmd: [], env: [], workingDir: "", label: image.config };
}

/** JSON as LinuxKit writes it: four spaces, no newline at the end. */
export function jsonText(value: object): string {
  return JSON.stringify(value, undefined, 4);
}

// by what was written, as LinuxKit does: two names of one image are unpacked twice
function imageKey(image: ImageSource): string {
  if (typeof image !== "string") return canonicalJson(image.debian);
  return /^(oci|docker-archive):/.test(image) ? image : expandReference(image);
}
