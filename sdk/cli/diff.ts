import { parseArgs } from "node:util";
import { ARCHES } from "../core/arch.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { type Direction, DIRECTIONS } from "../review/change.ts";
import type { Reviewed } from "../review/facts-of.ts";
import { type Command, ExitStatus, type Terminal, UsageError } from "./command.ts";
import { compareBuilds, compareDefinitions, compareReferences } from "./compare.ts";
import { archOption } from "./load-image.ts";
import { BOOT_HELP, readBoots } from "./read-boots.ts";
import { FORMATS, oneOf, rendered } from "./rendered.ts";
import { loadAdvisories } from "./read-advisories.ts";
import { sharedKind } from "./review-side.ts";
import { readBuild } from "./reviewed-build.ts";
import { loadReviewed } from "./reviewed.ts";

export const diff: Command = {
  help: `A and B are each a file as for \`build\`, a file of a git revision (main:os.ts), or the image
that a stack has built (stack:prod, or stack:prod#NAME if it has several). Nothing is built
or downloaded. Or both are container images: oci:DIR:TAG, docker-archive:FILE or
registry/repository@sha256:…, whose files and packages are compared. Or both were built: the
JSON of \`build --json\`, or what \`build --push\` published, by its digest.
Prints what changes inside the OS from A to B: what widens access first.

  --image NAME      the export to compare                      [the only one]
  --lock-a FILE, --lock-b FILE
                    the versions of A and B: JSON, the \`lock\` of a build
  --vulnerabilities FILE
                    say which advisories are mended and which come: OSV, or the JSON of
                    Debian's security tracker; for images and locks; repeatable
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
  --format FORMAT   ${FORMATS.join(", ")}          [text]
  --json            the same as --format json
${BOOT_HELP}
  --fail-on WORD    exit with 1 only for these changes; repeatable: ${DIRECTIONS.join(", ")}

The exit code is 0 if nothing changes, 1 if something does, and 2 for an error.`,

  async run(args, terminal) {
    try {
      await compare(args, terminal);
    } catch (error) {
      // 1 says that A and B differ
      if (!isLinuxKitError(error) || error.code === "CANCELLED") throw error;
      terminal.note(`${error.code}: ${error.message}`);
      throw new ExitStatus(2);
    }
  },
};

async function compare(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      image: { type: "string" },
      "lock-a": { type: "string" },
      "lock-b": { type: "string" },
      vulnerabilities: { type: "string", multiple: true, default: [] },
      arch: { type: "string", default: "amd64" },
      format: { type: "string", default: "text" },
      boot: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      "fail-on": { type: "string", multiple: true, default: [...DIRECTIONS] },
    },
  });
  const [a, b, ...more] = positionals;
  if (a === undefined || b === undefined || more.length > 0) throw new UsageError(`got ${positionals.length} systems, wanted two: A and B`);
  const format = oneOf(values.json ? "json" : values.format, FORMATS, "--format");
  const failing = values["fail-on"].map((word) => oneOf(word, DIRECTIONS, "--fail-on"));
  const arch = archOption(values.arch);
  const kind = sharedKind(a, b);
  if (kind !== "definition" && (values.image ?? values["lock-a"] ?? values["lock-b"]) !== undefined)
    throw new UsageError("--image, --lock-a and --lock-b: got no definitions, which alone have exports and locks");
  const advisories = await loadAdvisories(values.vulnerabilities);
  const boots = await readBoots(values.boot, format);
  const load = async (text: string, lock: string | undefined): Promise<Reviewed> => ({
    ...(await loadReviewed(text, values.image, lock)),
    advisories,
  });
  const options = { arch, advisories, isPictured: format === "html" };
  const compared =
    kind === "build"
      ? await compareBuilds(await readBuild(a), await readBuild(b), options, terminal)
      : kind === "image"
        ? await compareReferences(a, b, options, terminal)
        : await compareDefinitions(await load(a, values["lock-a"]), await load(b, values["lock-b"]), options, (side) =>
            terminal.note(`versions are not compared: ${side === "a" ? a : b} has no lock; give it with --lock-${side}`),
          );
  for (const line of rendered({ ...compared, boots }, format, `${a} → ${b}`, b)) terminal.print(line);
  if (failing.some((direction: Direction) => compared.review.counts[direction] > 0)) throw new ExitStatus(1);
}
