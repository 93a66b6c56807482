import type { LinuxKitError } from "../core/errors.ts";
import type { Step } from "../core/property-path.ts";
import { crossFailures } from "./cross-check.ts";
import { draftOf } from "./draft.ts";
import { type Failure, failure, invalidAll } from "../core/failure.ts";
import { File } from "./file.ts";
import type { FileArgs } from "./file-args.ts";
import { normalise } from "./normalise.ts";
import { OnbootTask } from "./onboot-task.ts";
import { OnshutdownTask } from "./onshutdown-task.ts";
import { mergeParts, type Parts } from "./parts.ts";
import { Service } from "./service.ts";
import { Volume } from "./volume.ts";
import { type LocatedFailure, located, parseYaml, type YamlDocument } from "./yaml-document.ts";
import type { Yaml } from "./yaml-schema.ts";

/** Options of `Image.fromYaml`. */
export interface YamlOptions {
  /** The texts' names in messages. @default "linuxkit.yml", or "linuxkit.yml (2)" and so on of several */
  readonly sources?: readonly string[];
}

/**
 * Reads texts of LinuxKit YAML and merges them.
 *
 * @throws INVALID_DEFINITION with one line for each failure of the first text that has any
 */
export function readYaml(texts: readonly string[], { sources = [] }: YamlOptions): Parts {
  const documents = texts.map((text, index) => {
    const parsed = parseYaml(text, sources[index] ?? (texts.length > 1 ? `linuxkit.yml (${index + 1})` : "linuxkit.yml"));
    if ("failures" in parsed) throw refusal(parsed.failures);
    return parsed.document;
  });
  const twice = duplicates(documents, "services").concat(duplicates(documents, "volumes"));
  if (twice.length > 0) throw refusal(twice);
  const parts = documents.map(({ value }) => partsOf(value)).reduce(mergeParts, EMPTY);
  const failures = crossFailures(normalise(draftOf(parts)));
  if (failures.length > 0) throw refusal(failures.map((found) => locatedIn(documents, found)));
  return parts;
}

const EMPTY: Parts = Object.freeze({ init: [], onboot: [], onshutdown: [], services: [], volumes: [], files: [] });

function partsOf({ kernel, init = [], onboot = [], onshutdown = [], services = [], volumes = [], files = [] }: Yaml): Parts {
  const given = Object.entries(kernel ?? {}).filter(([field, value]) => value !== "" || field === "tar" || field === "ucode");
  return {
    ...(given.length > 0 && {
      kernel: Object.fromEntries(given.map(([field, value]) => [field, field === "cmdline" ? oneLine(value as string) : value])),
    }),
    init,
    onboot: onboot.map(({ name, ...args }) => new OnbootTask(name, { ...args, sandbox: "linuxkit" })),
    onshutdown: onshutdown.map(({ name, ...args }) => new OnshutdownTask(name, { ...args, sandbox: "linuxkit" })),
    services: services.map(({ name, ...args }) => new Service(name, { ...args, sandbox: "linuxkit" })),
    volumes: volumes.map(({ name, image, ...args }) => new Volume(name, { ...args, ...(image && { image }) })),
    files: files.map(({ path, ...file }) => new File(path, fileArgs(file))),
  };
}

// a block scalar has line breaks, which the kernel reads as spaces and boot loaders do not
function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

// of several kinds, the one that LinuxKit reads first, without the fields that it then ignores
function fileArgs({
  directory,
  symlink,
  contents,
  source,
  metadata,
  mode,
  ...owner
}: Omit<NonNullable<Yaml["files"]>[number], "path">): FileArgs {
  const common = { ...owner, ...(mode && { mode }) };
  if (directory) return { ...common, directory };
  if (symlink) return { ...common, symlink };
  if (contents !== undefined) return { ...common, contents };
  return source ? { ...common, source } : { ...common, metadata: metadata || "yaml" };
}

function duplicates(documents: readonly YamlDocument[], section: "services" | "volumes"): LocatedFailure[] {
  const first = new Map<string, string>();
  return documents.flatMap((document) =>
    (document.value[section] ?? []).flatMap(({ name }, index) => {
      const steps: Step[] = [section, index, "name"];
      const place = `${document.source}:${document.line(steps)}`;
      const before = first.get(name);
      if (before === undefined) first.set(name, place);
      return before === undefined
        ? []
        : [located(document, failure(steps, `got ${JSON.stringify(name)}, which ${before} also has, wanted another name`), document.value)];
    }),
  );
}

/** A failure of the merged definition, in the text that its part came from. */
function locatedIn(documents: readonly YamlDocument[], found: Failure): LocatedFailure {
  const [section = "", place, ...rest] = found.steps;
  let before = 0;
  for (const document of documents) {
    const items = (document.value as Record<string, { name?: string }[] | undefined>)[section];
    if (!Array.isArray(items)) continue;
    const index = typeof place === "number" ? place - before : items.findIndex(({ name }) => name === place);
    if (index >= 0 && index < items.length) return located(document, { ...found, steps: [section, index, ...rest] }, document.value);
    before += items.length;
  }
  return { ...found, line: `${found.path}: ${found.message}` };
}

function refusal(failures: readonly LocatedFailure[]): LinuxKitError {
  return invalidAll(
    failures,
    undefined,
    failures.map(({ line }) => line),
  );
}
