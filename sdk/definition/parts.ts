import { LinuxKitError } from "../core/errors.ts";
import type { ApiSpec } from "./api.ts";
import type { File } from "./file.ts";
import { plainPath } from "./file.ts";
import type { Kernel, KernelArgs } from "./kernel.ts";
import type { ImageSource } from "./debian-image.ts";
import type { HardenArgs } from "./hardening.ts";
import type { Inputs } from "./inputs.ts";
import type { OnbootTask } from "./onboot-task.ts";
import type { OnshutdownTask } from "./onshutdown-task.ts";
import type { Service } from "./service.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Volume } from "./volume.ts";

/** The parts of an image, in the order in which they were written. */
export interface Parts {
  /** The kernel, or some of its fields. @default none */
  readonly kernel?: Partial<KernelArgs>;
  /** Images unpacked at the root. */
  readonly init: readonly Inputs<ImageSource>[];
  /** Tasks at boot. */
  readonly onboot: readonly OnbootTask[];
  /** Tasks at shutdown. */
  readonly onshutdown: readonly OnshutdownTask[];
  /** The services. */
  readonly services: readonly Service[];
  /** The volumes. */
  readonly volumes: readonly Volume[];
  /** Files of the OS itself. */
  readonly files: readonly File[];
  /** TCP port that answers for all services together. @default none */
  readonly healthPort?: Inputs<number>;
  /** Where the machine's interface answers. @default nowhere */
  readonly api?: Inputs<ApiSpec>;
  /** How the machine is hardened. @default not at all */
  readonly harden?: HardenArgs;
}

/** A part that has a name, and so can be replaced by another of its kind and name. */
export type Part = Kernel | OnbootTask | OnshutdownTask | Service | Volume | File;

/**
 * Puts `more` over `base` as LinuxKit merges files: lists are concatenated, the kernel's fields override one by one.
 * Of `harden`, the profile overrides, and the waivers are merged.
 * An empty `image`, `cmdline` or `binary` of a kernel overrides nothing; an empty `tar` or `ucode` does.
 */
export function mergeParts(base: Parts, more: Parts): Parts {
  const kernel = { ...base.kernel };
  for (const [field, value] of Object.entries(more.kernel ?? {})) {
    if (value !== "" || field === "tar" || field === "ucode") Object.assign(kernel, { [field]: value });
  }
  const healthPort = more.healthPort ?? base.healthPort;
  const api = more.api ?? base.api;
  const waive = { ...base.harden?.waive, ...more.harden?.waive };
  const harden = (base.harden ?? more.harden) && { ...base.harden, ...more.harden, ...(Object.keys(waive).length > 0 && { waive }) };
  return {
    ...(Object.keys(kernel).length > 0 && { kernel }),
    init: [...base.init, ...more.init],
    onboot: [...base.onboot, ...more.onboot],
    onshutdown: [...base.onshutdown, ...more.onshutdown],
    services: [...base.services, ...more.services],
    volumes: [...base.volumes, ...more.volumes],
    files: [...base.files, ...more.files],
    ...(healthPort !== undefined && { healthPort }),
    ...(api !== undefined && { api }),
    ...(harden && { harden }),
  };
}

/**
 * The parts without what is at `path`: `kernel`, `healthPort`, `api`, `harden`, `services.web`, `onboot.dhcp`,
 * `files./etc/motd`, `init.<reference>`.
 */
export function removePart(parts: Parts, path: string): Parts {
  const [, section = path, name = ""] = /^([a-z]+)\.(.+)$/s.exec(path) ?? [];
  if (path === "kernel" || path === "healthPort" || path === "api" || path === "harden") {
    if (parts[path] === undefined) throw unknownPart(path, parts);
    const { [path]: _, ...rest } = parts;
    return rest;
  }
  if (!isSection(section)) throw unknownPart(path, parts);
  const kept = (parts[section] as readonly unknown[]).filter((part) => nameOf(part, section) !== sought(name, section));
  if (kept.length === parts[section].length) throw unknownPart(path, parts);
  return { ...parts, [section]: kept };
}

/** The parts with `part` in the place of the one of the same kind and name. */
export function replacePart(parts: Parts, part: Part): Parts {
  if (part.kind === "kernel") {
    if (parts.kernel === undefined) throw unknownPart("kernel", parts);
    return { ...parts, kernel: part.spec };
  }
  const section = SECTION_OF[part.kind];
  const name = nameOf(part, section);
  const list = parts[section] as readonly unknown[];
  const places = list.flatMap((other, index) => (nameOf(other, section) === name ? [index] : []));
  if (places.length === 0) throw unknownPart(`${section}.${name}`, parts);
  // of files with the same path, the last one counts
  if (places.length > 1 && section !== "files") {
    const path = `${section}.${name}`;
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${path}: ${places.length} parts have this name, so the replacement is ambiguous: use without("${path}") and with()`,
      { path },
    );
  }
  return { ...parts, [section]: list.with(places.at(-1) as number, part) };
}

const SECTIONS = ["init", "onboot", "onshutdown", "services", "volumes", "files"] as const;
const SECTION_OF = { onboot: "onboot", onshutdown: "onshutdown", service: "services", volume: "volumes", file: "files" } as const;

type Section = (typeof SECTIONS)[number];

function isSection(name: string): name is Section {
  return (SECTIONS as readonly string[]).includes(name);
}

function sought(name: string, section: Section): string {
  return section === "files" ? plainPath(name) : name;
}

function nameOf(part: unknown, section: Section): string | undefined {
  if (section === "init") return typeof part === "string" ? part : undefined;
  return section === "files" ? plainPath((part as File).path) : (part as { name: string }).name;
}

function unknownPart(path: string, parts: Parts): LinuxKitError {
  const known = [
    ...(["kernel", "healthPort", "api", "harden"] as const).filter((name) => parts[name] !== undefined),
    ...SECTIONS.flatMap((section) =>
      parts[section].map((part) => [section, section === "files" ? (part as File).path : nameOf(part, section)] as const),
    )
      .filter(([, name]) => name !== undefined)
      .map(([section, name]) => `${section}.${name}`),
  ];
  const list = known.length > 0 ? `wanted one of ${known.join(", ")}` : "the image is empty";
  return new LinuxKitError("INVALID_DEFINITION", `${path}: not found in the image, ${list}${didYouMean(path, known)}`, { path });
}
