import { stringify } from "yaml";
import { LinuxKitError } from "../core/errors.ts";
import { formatPath, type Step } from "../core/property-path.ts";
import { containersOf, type Definition, type FileSpec } from "./definition.ts";
import { deferredIn } from "./normalise.ts";

const OUR_FIELDS = [
  "restart",
  "restartLimit",
  "after",
  "health",
  "timeout",
  "stopTimeout",
  "stopSignal",
  "optional",
  "secrets",
  "log",
  "seccomp",
  "cgroup",
  "modules",
  "publish",
  "egress",
  "forwards",
  "label",
] as const;

/**
 * Writes a definition as LinuxKit's YAML; fields at LinuxKit's defaults are left out.
 *
 * @throws UNSUPPORTED naming each path that has no counterpart there
 */
export function writeYaml(definition: Definition): string {
  const refused = unsupported(definition);
  if (refused.length > 0) {
    throw new LinuxKitError("UNSUPPORTED", refused.map(([path, why]) => `${path}: ${why}`).join("\n"), { what: refused[0]?.[0] ?? "" });
  }
  const { kernel, init, volumes, files } = definition;
  const containers = containersOf(definition);
  const listed = (phase: "onboot" | "onshutdown" | "services"): object[] =>
    containers
      .filter((placed) => placed.phase === phase)
      .map(({ name, container: { image, sandbox: _, ...fields } }) => ({ name, image, ...fields }));
  const document = {
    ...(kernel && {
      kernel: {
        image: kernel.image,
        ...(kernel.cmdline !== "" && { cmdline: kernel.cmdline }),
        ...(kernel.binary !== "kernel" && { binary: kernel.binary }),
        ...(kernel.tar !== "kernel.tar" && { tar: kernel.tar }),
        ...(kernel.ucode !== "" && { ucode: kernel.ucode }),
      },
    }),
    ...section("init", init),
    ...section("onboot", listed("onboot")),
    ...section("onshutdown", listed("onshutdown")),
    ...section("services", listed("services")),
    ...section(
      "volumes",
      Object.entries(volumes).map(([name, { image, readonly, format, platforms }]) => ({
        name,
        ...(image !== undefined && { image }),
        ...(readonly && { readonly }),
        ...(format !== "filesystem" && { format }),
        ...(platforms.length > 0 && { platforms }),
      })),
    ),
    ...section("files", files.map(fileOf)),
  };
  return stringify(document, { version: "1.2", lineWidth: 0, aliasDuplicateObjects: false });
}

function fileOf({ path, mode, uid, gid, ...rest }: FileSpec): object {
  return {
    path,
    ...rest,
    ...(mode !== (rest.directory ? "0700" : "0600") && { mode }),
    ...(uid !== 0 && { uid }),
    ...(gid !== 0 && { gid }),
  };
}

function section(name: string, list: readonly unknown[]): object {
  return list.length > 0 ? { [name]: list } : {};
}

function unsupported(definition: Definition): [path: string, why: string][] {
  const refused: [string, string][] = [];
  const refuse = (steps: readonly Step[], why: string): unknown => refused.push([formatPath(steps), why]);
  const deferred = deferredIn(definition);
  if (deferred) refuse(deferred, "its value is not known yet, so it cannot be written as YAML");
  const image = (steps: readonly Step[], value: unknown): void => {
    if (typeof value === "object" && value !== null)
      refuse(steps, "an image made from Debian packages; LinuxKit's YAML takes references only");
  };
  image(["kernel", "image"], definition.kernel?.image);
  for (const [index, source] of definition.init.entries()) image(["init", index], source);
  for (const { phase, name, steps, container } of containersOf(definition)) {
    const at = phase === "services" ? steps : [phase, name];
    image([...at, "image"], container.image);
    for (const field of OUR_FIELDS) {
      if (container[field] !== undefined) refuse([...at, field], "LinuxKit has no such field");
    }
    if (container.sandbox !== "linuxkit")
      refuse(
        [...at, "sandbox"],
        `got ${JSON.stringify(container.sandbox ?? "default")}; LinuxKit has its own defaults only, wanted "linuxkit"`,
      );
  }
  for (const [name, volume] of Object.entries(definition.volumes)) {
    image(["volumes", name, "image"], volume.image);
    if (volume.persistent) refuse(["volumes", name, "persistent"], "LinuxKit has no such field");
  }
  for (const file of definition.files) {
    if (file.sha256 !== undefined) refuse(["files", file.path, "sha256"], "LinuxKit has no such field, wanted contents or source");
  }
  if (definition.healthPort !== undefined) refuse(["healthPort"], "LinuxKit has no such field");
  if (definition.api !== undefined) refuse(["api"], "LinuxKit has no such field");
  if (definition.harden !== undefined) refuse(["harden"], "LinuxKit has no such field");
  return refused;
}
