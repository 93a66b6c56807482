import { stringify } from "yaml";
import type { Container, ImageSource } from "./container.ts";
import { type Definition, type FileSpec, serviceNames } from "./definition.ts";

/**
 * The definition as LinuxKit writes it into a file with `metadata`: every section is there, references are expanded,
 * and fields stand in LinuxKit's order. Of secrets only the names are written.
 *
 * @param expand an image reference's full form
 */
export function metadataText(definition: Definition, form: "yaml" | "json", expand: (reference: string) => string): string {
  const { kernel, init, onboot, onshutdown, services, files, volumes } = definition;
  const image = (source: ImageSource): unknown => (typeof source === "string" ? expand(source) : source);
  const listed = (list: readonly (Container & { readonly name: string })[]): object[] => list.map((container) => containerOf(container, image));
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
    // LinuxKit expands every reference but those of volumes
    volumes: Object.entries(volumes).map(([name, { image: source = "", readonly, format, platforms }]) => ({
      name,
      image: source,
      readonly,
      format,
      platforms,
    })),
  };
  if (form === "yaml") return stringify(document, { version: "1.2", indent: 2, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false });
  // an empty list is null there, since Go has not made one
  const nulled = Object.entries(document).map(([name, value]) => [name, Array.isArray(value) && value.length === 0 ? null : value]);
  return JSON.stringify(Object.fromEntries(nulled), undefined, 4);
}

const ORDER = [
  "capabilities", "capabilities.add", "ambient", "mounts", "binds", "binds.add", "tmpfs", "command", "env", "cwd", "net", "pid", "ipc", "uts",
  "userns", "hostname", "readonly", "maskedPaths", "readonlyPaths", "uid", "gid", "additionalGids", "noNewPrivileges", "oomScoreAdj",
  "rootfsPropagation", "cgroupsPath", "resources", "sysctl", "rlimits", "uidMappings", "gidMappings", "annotations", "devices", "runtime",
  "restart", "health", "timeout", "stopTimeout", "optional",
] as const satisfies readonly (keyof Container)[];

function containerOf(container: Container & { readonly name: string }, image: (source: ImageSource) => unknown): object {
  const fields = ORDER.flatMap((field) => (container[field] === undefined ? [] : [[field, container[field]]]));
  const secrets = Object.keys(container.secrets ?? {});
  return { name: container.name, image: image(container.image), ...Object.fromEntries(fields), ...(secrets.length > 0 && { secrets }) };
}

function fileOf({ path, directory = false, symlink, contents, source, sha256, metadata, optional = false, mode, uid, gid }: FileSpec): object {
  return {
    path,
    directory,
    ...(symlink !== undefined && { symlink }),
    ...(contents !== undefined && { contents }),
    ...(source !== undefined && { source }),
    ...(sha256 !== undefined && { sha256 }),
    ...(metadata !== undefined && { metadata }),
    optional,
    ...(mode !== (directory ? "0700" : "0600") && { mode }),
    ...(uid !== 0 && { uid }),
    ...(gid !== 0 && { gid }),
  };
}
