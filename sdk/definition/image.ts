import { type ApiSpec, apiSchema } from "./api.ts";
import { type ImageSource, imageSource } from "./debian-image.ts";
import { crossFailures } from "./cross-check.ts";
import type { Definition } from "./definition.ts";
import { type Failure, failure, throwFailures } from "../core/failure.ts";
import { isPlain } from "../core/deferred.ts";
import { shown } from "../core/shown.ts";
import { failuresOf } from "./failures-of.ts";
import { fields, port } from "./fields.ts";
import type { File } from "./file.ts";
import type { Inputs } from "./inputs.ts";
import { frozenCopy } from "./inputs.ts";
import { type HardenArgs, hardeningSchema } from "./hardening.ts";
import { type Kernel, type KernelArgs, kernelSchema } from "./kernel.ts";
import { draftOf } from "./draft.ts";
import { readYaml, type YamlOptions } from "./from-yaml.ts";
import { normalise } from "./normalise.ts";
import { writeYaml } from "./to-yaml.ts";
import type { OnbootTask } from "./onboot-task.ts";
import type { OnshutdownTask } from "./onshutdown-task.ts";
import { mergeParts, type Part, type Parts, removePart, replacePart } from "./parts.ts";
import type { Service } from "./service.ts";
import { unknownProperty } from "../schema/parse.ts";
import type { Volume } from "./volume.ts";

/** Arguments of {@link Image}, and what {@link Image.with} adds to one. */
export interface ImageArgs {
  /** The kernel; in `with` also some of its fields only. @default none, for an image that another program starts */
  readonly kernel?: Kernel | Partial<KernelArgs> | undefined;
  /**
   * Images unpacked at the root: PID 1, the program that runs containers, and their dependencies.
   * @default none
   * @example [debian.init()]
   */
  readonly init?: readonly Inputs<ImageSource>[] | undefined;
  /** Tasks at boot, one after another. @default none */
  readonly onboot?: readonly OnbootTask[] | undefined;
  /** Tasks at shutdown, one after another. @default none */
  readonly onshutdown?: readonly OnshutdownTask[] | undefined;
  /** Containers that run as long as the machine. @default none */
  readonly services?: readonly Service[] | undefined;
  /** Directories that containers share. @default none */
  readonly volumes?: readonly Volume[] | undefined;
  /** Files of the OS itself. @default none */
  readonly files?: readonly File[] | undefined;
  /** TCP port of the guest on which `GET /healthz` answers for all services together: 200, or 503. @default none */
  readonly healthPort?: Inputs<number> | undefined;
  /**
   * Where the machine's interface answers over TLS to clients with certificates: see `ApiKeys`. The key becomes a part of
   * the image. @default nowhere
   */
  readonly api?: Inputs<ApiSpec> | undefined;
  /** How the machine is hardened; `with` merges the waivers. @default no hardening */
  readonly harden?: HardenArgs | undefined;
}

/**
 * An operating system: a kernel, and containers that do the work. It is immutable plain data; `with`, `without` and
 * `replace` return a changed copy.
 */
export class Image {
  /** What tells this class from the others. */
  readonly kind = "image";
  /** The definition with every default filled in. It is resolved, planned and built. */
  readonly spec: Definition;
  readonly #parts: Parts;

  /** @throws INVALID_DEFINITION naming every wrong path */
  constructor(args: ImageArgs | Parts) {
    this.#parts = partsOf(args);
    this.spec = normalise(draftOf(this.#parts));
    throwFailures(crossFailures(this.spec).map((found) => named(found, this.spec)));
  }

  /**
   * Reads LinuxKit's YAML. Several texts are merged as LinuxKit merges files: lists are appended, the kernel's fields
   * override. Every container has LinuxKit's sandbox (`sandbox: "linuxkit"`).
   *
   * @throws INVALID_DEFINITION naming file, line, path and reason
   */
  static fromYaml(text: string | readonly string[], options: YamlOptions = {}): Image {
    return new Image(readYaml(typeof text === "string" ? [text] : text, options));
  }

  /**
   * The OS as LinuxKit's YAML.
   *
   * @throws UNSUPPORTED naming each field that LinuxKit does not have
   */
  toYaml(): string {
    return writeYaml(this.spec);
  }

  /**
   * This OS and more, as LinuxKit merges files: lists are appended, services must have new names, fields of the
   * kernel override.
   *
   * @throws INVALID_DEFINITION
   */
  with(more: ImageArgs | Image): Image {
    return new Image(mergeParts(this.#parts, more instanceof Image ? more.#parts : partsOf(more)));
  }

  /**
   * This OS without some of its parts: `"services.web"`, `"onboot.dhcp"`, `"onshutdown.bye"`, `"volumes.data"`,
   * `"files./etc/motd"`, `"init.<reference>"`, `"kernel"`, `"healthPort"`, `"api"`, `"harden"`.
   *
   * @throws INVALID_DEFINITION when there is no such part, or another one needs it
   */
  without(...paths: readonly string[]): Image {
    return new Image(paths.reduce(removePart, this.#parts));
  }

  /**
   * This OS with each of the given parts in the place of the one of the same kind and name.
   *
   * @throws INVALID_DEFINITION when there is no such part
   */
  replace(...parts: readonly Part[]): Image {
    return new Image(parts.reduce(replacePart, this.#parts));
  }
}

const KIND_OF = { onboot: "onboot", onshutdown: "onshutdown", services: "service", volumes: "volume", files: "file" } as const;
const CLASS_OF = { onboot: "OnbootTask", onshutdown: "OnshutdownTask", services: "Service", volumes: "Volume", files: "File" } as const;
const KNOWN = ["kernel", "init", ...Object.keys(KIND_OF), "healthPort", "api", "harden"];

function partsOf(args: ImageArgs | Parts): Parts {
  if (!isPlain(args)) throwFailures([failure([], `got ${shown(args)}, wanted an object as { kernel, init, services }`)]);
  const unknown = Object.keys(args).filter((name) => !KNOWN.includes(name));
  throwFailures(unknown.map((name) => failure([name], unknownProperty(name, KNOWN))));
  const listed = <K extends keyof typeof KIND_OF>(section: K): Parts[K] => {
    const list = args[section] ?? [];
    if (!Array.isArray(list)) throwFailures([failure([section], `got ${shown(list)}, wanted a list of ${CLASS_OF[section]}`)]);
    // compared by kind, not by class: two installed copies of this package have two classes
    for (const [index, part] of (list as readonly unknown[]).entries()) {
      if ((part as { kind?: unknown } | undefined)?.kind !== KIND_OF[section]) {
        throwFailures([failure([section, index], `got ${partShown(part)}, wanted ${WANTED[section]}`)]);
      }
    }
    return Object.freeze([...list]) as unknown as Parts[K];
  };
  const init = args.init ?? [];
  // the union of images would name each field of a part that stands among them
  for (const [index, part] of (Array.isArray(init) ? init : []).entries())
    if (classOf(part)) throwFailures([failure(["init", index], `got ${partShown(part)}, wanted an image: parts have lists of their own`)]);
  throwFailures(
    failuresOf(
      fields({ init: imageSource.array(), healthPort: port.optional(), api: apiSchema.optional(), harden: hardeningSchema.optional() }),
      {
        init,
        healthPort: args.healthPort,
        api: args.api,
        harden: args.harden,
      },
    ),
  );
  const kernel = kernelOf(args.kernel);
  throwFailures(failuresOf(kernelSchema.partial().optional(), kernel, ["kernel"]));
  return {
    ...(kernel && { kernel }),
    init: frozenCopy(init),
    onboot: listed("onboot"),
    onshutdown: listed("onshutdown"),
    services: listed("services"),
    volumes: listed("volumes"),
    files: listed("files"),
    ...(args.healthPort !== undefined && { healthPort: args.healthPort }),
    ...(args.api !== undefined && { api: frozenCopy(args.api) }),
    ...(args.harden !== undefined && { harden: frozenCopy(args.harden) }),
  };
}

/** What stands in a section, as it is written. */
const WANTED = {
  onboot: "new OnbootTask(NAME, { image })",
  onshutdown: "new OnshutdownTask(NAME, { image })",
  services: "new Service(NAME, { image })",
  volumes: "new Volume(NAME)",
  files: "new File(PATH, { contents })",
} as const;

function kernelOf(given: unknown): KernelArgs | undefined {
  if (given === undefined) return undefined;
  if (isPlain(given) && !isDebianImage(given)) return frozenCopy(given) as unknown as KernelArgs;
  if ((given as { kind?: unknown } | null)?.kind === "kernel") return (given as Kernel).spec;
  throwFailures([failure(["kernel"], `got ${partShown(given)}, wanted new Kernel({ image })`)]);
  return undefined;
}

/** The class of a part of an OS; undefined for anything else. */
function classOf(value: unknown): string | undefined {
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  if (kind === "kernel") return "Kernel";
  const section = Object.entries(KIND_OF).find(([, own]) => own === kind)?.[0];
  return section && CLASS_OF[section as keyof typeof CLASS_OF];
}

function isDebianImage(value: unknown): boolean {
  return isPlain(value) && "debian" in value && "config" in value;
}

/** A wrong value in the place of a part: a class or an image by its name, for both are long objects. */
function partShown(value: unknown): string {
  const own = classOf(value);
  if (own) return /^[AEIO]/.test(own) ? `an ${own}` : `a ${own}`;
  return isDebianImage(value) ? "an image" : shown(value);
}

/** A failure with the name of a task or the path of a file where the definition has its place in a list. */
function named(found: Failure, definition: Definition): Failure {
  const [section, index, ...rest] = found.steps;
  if (typeof index !== "number" || (section !== "onboot" && section !== "onshutdown" && section !== "files")) return found;
  const name = section === "files" ? definition.files[index]?.path : definition[section][index]?.name;
  return name === undefined ? found : failure([section, name, ...rest], found.message);
}
