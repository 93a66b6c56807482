import { parseArgs } from "node:util";
import { resolveContext } from "../builder/build.ts";
import { upgradedLock } from "../builder/upgrade.ts";
import { ARCHES } from "../core/arch.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { oneLine } from "../core/one-line.ts";
import type { Definition } from "../definition/definition.ts";
import type { Lock } from "../resolve/lock.ts";
import { diff } from "../review/diff.ts";
import { type Command, ExitStatus, onlyOne, UsageError } from "./command.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { archOption, loadImage } from "./load-image.ts";
import { SOURCE_HELP, SOURCE_OPTIONS, sourceOptions } from "./source-options.ts";
import { showProgress } from "./terminal.ts";

export const outdated: Command = {
  help: `FILE is as for \`build\`. Prints the packages and images that have moved since a build wrote its lock. Nothing is built.

  --image NAME      the export to take                         [the only one]
  --arch ARCH       ${ARCHES.join(", ")}                       [that of the lock]
${SOURCE_HELP}
  --json            print a list of { name, from, to, parts }

The exit code is 0 if nothing has moved, 1 if something has, and 2 for an error.`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        image: { type: "string" },
        arch: { type: "string" },
        json: { type: "boolean", default: false },
        ...SOURCE_OPTIONS,
      },
    });
    const file = onlyOne(positionals, "files");
    if (values.lock === undefined) throw new UsageError("--lock is missing: it names the file that `build --write-lock` wrote");
    try {
      const definition = knownDefinition((await loadImage(file, values.image)).spec);
      const { lock, ...origins } = await sourceOptions(values);
      const arch = values.arch === undefined ? (lock as Lock).arch : archOption(values.arch);
      const context = resolveContext({ ...origins, arch, onProgress: showProgress(terminal), signal: terminal.signal });
      const moved = movedVersions(definition, lock as Lock, await upgradedLock(definition, lock as Lock, context));
      if (values.json) terminal.print(JSON.stringify(moved, null, 2));
      else for (const line of lines(moved)) terminal.print(line);
      if (moved.length > 0) throw new ExitStatus(1);
    } catch (error) {
      // 1 says that something has moved
      if (!isLinuxKitError(error) || error.code === "CANCELLED") throw error;
      terminal.fail(`${error.code}: ${error.message}`);
      throw new ExitStatus(2);
    }
  },
};

/** A package or an image that has moved. */
export interface Moved {
  /** The package, or the reference of the image. */
  readonly name: string;
  /** The version or digest in the lock; null for a package that is new. */
  readonly from: string | null;
  /** The version or digest now; null for a package that is no longer needed. */
  readonly to: string | null;
  /** The parts of the OS that have it. */
  readonly parts: readonly string[];
}

/** What differs between two locks of one definition, each package and image once. */
export function movedVersions(definition: Definition, before: Lock, after: Lock): readonly Moved[] {
  const moved = new Map<string, Moved>();
  const add = (name: string, from: string | null, to: string | null, part: string): void => {
    const key = JSON.stringify([name, from, to]);
    moved.set(key, { name, from, to, parts: [...(moved.get(key)?.parts ?? []), part] });
  };
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  for (const { rule, noun, part, before: from, after: to } of diff({ definition, lock: before }, { definition, lock: after }))
    if (rule === "package") add(noun.replace(/^package /, ""), text(from), text(to), part);
  for (const [reference, digest] of Object.entries({ ...after.images, ...after.layouts })) {
    const was = before.images[reference] ?? before.layouts?.[reference] ?? null;
    if (was !== digest) add(reference, was, digest, "image");
  }
  for (const [name, { version }] of Object.entries(after.loaders ?? {})) {
    const was = before.loaders?.[name]?.version;
    if (was !== undefined && was !== version) add(name, was, version, "boot loader");
  }
  return [...moved.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function lines(moved: readonly Moved[]): string[] {
  if (moved.length === 0) return ["nothing has moved"];
  const short = (version: string | null): string => (version ?? "-").replace(/^(sha256:.{12}).*/, "$1…");
  const rows = [
    ["name", "locked", "now", "in"],
    ...moved.map(({ name, from, to, parts }) => [name, short(from), short(to), parts.join(", ")].map(oneLine)),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
