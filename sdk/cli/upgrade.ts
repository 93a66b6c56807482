import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { upgradedLock } from "../builder/upgrade.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { writeFileWhole } from "../core/write-file.ts";
import type { Reviewed } from "../review/facts-of.ts";
import { review } from "../review/review.ts";
import { type Command, onlyOne, UsageError } from "./command.ts";
import { pictured } from "./compare.ts";
import { loadImage } from "./load-image.ts";
import { pairs, readKeys } from "./pairs.ts";
import { loadAdvisories } from "./read-advisories.ts";
import { readLock } from "./read-lock.ts";
import { FORMATS, oneOf, rendered } from "./rendered.ts";
import { showProgress } from "./terminal.ts";

export const upgrade: Command = {
  help: `FILE is as for \`build\`. Looks up today's versions of its packages and digests of its images, and prints what would
change against the lock. Nothing is built, and the lock stays as it is without --write-lock.

  --lock FILE       the versions of today's OS: what build --write-lock wrote; required
  --write-lock FILE write the new versions there; may be the same file
  --vulnerabilities FILE
                    say which advisories are mended and which come: OSV, or the JSON of
                    Debian's security tracker; repeatable
  --image NAME      the export to upgrade                      [the only one]
  --mirror URL, --security-mirror URL
                    the Debian mirrors                         [the host's apt sources]
  --registry-mirror REGISTRY=URL
                    pull from here instead; repeatable
  --verify NAME=FILE  a public key (PEM) for a registry or repository; repeatable
  --format FORMAT   ${FORMATS.join(", ")}          [text]`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        lock: { type: "string" },
        "write-lock": { type: "string" },
        vulnerabilities: { type: "string", multiple: true, default: [] },
        image: { type: "string" },
        mirror: { type: "string" },
        "security-mirror": { type: "string" },
        "registry-mirror": { type: "string", multiple: true, default: [] },
        verify: { type: "string", multiple: true, default: [] },
        format: { type: "string", default: "text" },
      },
    });
    const file = onlyOne(positionals, "files");
    const format = oneOf(values.format, FORMATS, "--format");
    if (values.lock === undefined) throw new UsageError("--lock is missing: it says which versions to upgrade from");
    const old = await readLock(values.lock);
    const definition = knownDefinition((await loadImage(file, values.image)).spec);
    const advisories = await loadAdvisories(values.vulnerabilities);
    const cacheDir = defaultCacheDir();
    const { signal } = terminal;
    const now = await upgradedLock(definition, old, {
      arch: old.arch,
      cacheDir,
      store: new BlobStore(cacheDir),
      folder: process.cwd(),
      debianMirror: values.mirror,
      debianSecurityMirror: values["security-mirror"],
      registryMirrors: pairs("--registry-mirror", "REGISTRY=URL", values["registry-mirror"]),
      verify: await readKeys(values.verify),
      onProgress: showProgress(terminal),
      signal,
    });
    const [before, after] = [old, now].map((lock) => ({ definition, lock, advisories })) as [Reviewed, Reviewed];
    const compared = { review: review(before, after, old.arch), before: pictured(before), now: pictured(after) };
    for (const line of rendered(compared, format, `upgrade of ${file}`, file)) terminal.print(line);
    if (values["write-lock"] === undefined) return;
    const path = resolve(values["write-lock"]);
    await writeFileWhole(path, [Buffer.from(`${JSON.stringify(now, null, 2)}\n`)], { signal });
    terminal.note(`wrote ${path}`);
  },
};
