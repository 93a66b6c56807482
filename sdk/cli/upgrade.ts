import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { upgradedLock } from "../builder/upgrade.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { writeFileWhole } from "../core/write-file.ts";
import type { Reviewed } from "../review/facts-of.ts";
import { type Command, onlyOne, UsageError } from "./command.ts";
import { compared } from "./compare.ts";
import { loadImage } from "./load-image.ts";
import { loadAdvisories } from "./read-advisories.ts";
import { FORMATS, oneOf, rendered } from "./rendered.ts";
import { SOURCE_HELP, SOURCE_OPTIONS, sourceOptions } from "./source-options.ts";
import { showProgress } from "./terminal.ts";

export const upgrade: Command = {
  help: `FILE is as for \`build\`. Looks up today's versions of its packages and digests of its images, and prints what would
change against the lock of --lock, which is required. Nothing is built, and the lock stays as it is without --write-lock.

  --write-lock FILE write the new versions there; may be the file of --lock
  --vulnerabilities FILE
                    say which advisories are mended and which come: OSV, or the JSON of
                    Debian's security tracker; repeatable
  --image NAME      the export to upgrade                      [the only one]
${SOURCE_HELP}
  --format FORMAT   ${FORMATS.join(", ")}          [text]`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...SOURCE_OPTIONS,
        "write-lock": { type: "string" },
        vulnerabilities: { type: "string", multiple: true, default: [] },
        image: { type: "string" },
        format: { type: "string", default: "text" },
      },
    });
    const file = onlyOne(positionals, "files");
    const format = oneOf(values.format, FORMATS, "--format");
    const { lock: old, ...origins } = await sourceOptions(values);
    if (!old) throw new UsageError("--lock is missing: it says which versions to upgrade from");
    const definition = knownDefinition((await loadImage(file, values.image)).spec);
    const advisories = await loadAdvisories(values.vulnerabilities);
    const cacheDir = defaultCacheDir();
    const { signal } = terminal;
    const now = await upgradedLock(definition, old, {
      arch: old.arch,
      cacheDir,
      store: new BlobStore(cacheDir),
      folder: process.cwd(),
      ...origins,
      onProgress: showProgress(terminal),
      signal,
    });
    const [before, after] = [old, now].map((lock) => ({ definition, lock, advisories })) as [Reviewed, Reviewed];
    const found = compared(before, after, old.arch, format === "html");
    for (const line of rendered(found, format, `upgrade of ${file}`, file)) terminal.print(line);
    if (values["write-lock"] === undefined) return;
    const path = resolve(values["write-lock"]);
    await writeFileWhole(path, [Buffer.from(`${JSON.stringify(now, null, 2)}\n`)], { signal });
    terminal.note(`wrote ${path}`);
  },
};
