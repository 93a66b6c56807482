import { stringify } from "yaml";
import { isLinuxKitError } from "../core/errors.ts";
import type { Container } from "./container.ts";
import type { ImageSource } from "./debian-image.ts";
import { type Definition, type FileSpec, serviceNames } from "./definition.ts";
import { writeYaml } from "./to-yaml.ts";

/**
 * The definition as the content of a file with `metadata: yaml` or `json`. If LinuxKit supports all of it, the text is byte
 * for byte LinuxKit's; else it is the definition under its own names, without the values of secrets.
 *
 * @param expand an image reference's full form, which LinuxKit writes @default the reference unchanged
 */
export function metadataText(definition: Definition, kind: "yaml" | "json", expand = (reference: string): string => reference): string {
  try {
    writeYaml(definition);
  } catch (error) {
    if (!isLinuxKitError(error, "UNSUPPORTED")) throw error;
    const open = withoutSecrets(definition);
    return kind === "json" ? `${JSON.stringify(open, undefined, 2)}\n` : stringify(open, { lineWidth: 0, aliasDuplicateObjects: false });
  }
  return linuxkitText(definition, kind, expand);
}

/** The definition with every secret's name, and no value. */
export function withoutSecrets(definition: Definition): Definition {
  const services = Object.entries(definition.services).map(([name, { secrets, ...service }]) => [
    name,
    secrets ? { ...service, secrets: Object.fromEntries(Object.keys(secrets).map((key) => [key, ""])) } : service,
  ]);
  const { api } = definition;
  return { ...definition, services: Object.fromEntries(services), ...(api && { api: { ...api, key: "" } }) };
}

// every section is there, in this order, and the fields of a container are in that of LinuxKit's own type
function linuxkitText(definition: Definition, form: "yaml" | "json", expand: (reference: string) => string): string {
  const { kernel, init, onboot, onshutdown, services, files, volumes } = definition;
  const image = (source: ImageSource): unknown => (typeof source === "string" ? expand(source) : source);
  const listed = (list: readonly (Container & { readonly name: string })[]): object[] =>
    list.map((container) => containerOf(container, image));
  const document = {
    kernel: {
      image: kernel ? image(kernel.image) : "",
      ...(kernel?.cmdline && { cmdline: kernel.cmdline }),
      ...(kernel && kernel.binary !== "kernel" && { binary: kernel.binary }),
      ...(kernel && kernel.tar !== "kernel.tar" && { tar: kernel.tar }),
      ...(kernel?.ucode && { ucode: kernel.ucode }),
    },
    init: init.map(image),
    onboot: listed(onboot),
    onshutdown: listed(onshutdown),
    services: listed(serviceNames(definition).map((name) => ({ name, ...(services[name] as Container) }))),
    files: files.map(fileOf),
    // LinuxKit expands every reference except those of volumes
    volumes: Object.entries(volumes).map(([name, { image: source = "", readonly, format, platforms }]) => ({
      name,
      image: source,
      readonly,
      format,
      platforms,
    })),
  };
  if (form === "yaml")
    return stringify(document, { version: "1.2", indent: 2, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
  // Go writes an empty list as null
  const nulled = Object.entries(document).map(([name, value]) => [name, Array.isArray(value) && value.length === 0 ? null : value]);
  return JSON.stringify(Object.fromEntries(nulled), undefined, 4);
}

const ORDER = [
  "capabilities",
  "capabilities.add",
  "ambient",
  "mounts",
  "binds",
  "binds.add",
  "tmpfs",
  "command",
  "env",
  "cwd",
  "net",
  "pid",
  "ipc",
  "uts",
  "userns",
  "hostname",
  "readonly",
  "maskedPaths",
  "readonlyPaths",
  "uid",
  "gid",
  "additionalGids",
  "noNewPrivileges",
  "oomScoreAdj",
  "rootfsPropagation",
  "cgroupsPath",
  "resources",
  "sysctl",
  "rlimits",
  "uidMappings",
  "gidMappings",
  "annotations",
  "devices",
  "runtime",
] as const satisfies readonly (keyof Container)[];

function containerOf(container: Container & { readonly name: string }, image: (source: ImageSource) => unknown): object {
  const fields = ORDER.flatMap((field) => (container[field] === undefined ? [] : [[field, container[field]]]));
  return { name: container.name, image: image(container.image), ...Object.fromEntries(fields) };
}

function fileOf({ path, directory = false, symlink, contents, source, metadata, optional = false, mode, uid, gid }: FileSpec): object {
  return {
    path,
    directory,
    ...(symlink !== undefined && { symlink }),
    ...(contents !== undefined && { contents }),
    ...(source !== undefined && { source }),
    ...(metadata !== undefined && { metadata }),
    optional,
    ...(mode !== (directory ? "0700" : "0600") && { mode }),
    ...(uid !== 0 && { uid }),
    ...(gid !== 0 && { gid }),
  };
}
