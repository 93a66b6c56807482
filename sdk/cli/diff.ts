import { parseArgs } from "node:util";
import { withChangedTexts } from "../builder/changed-texts.ts";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { openSession } from "../cache/session.ts";
import { type Arch, ARCHES } from "../core/arch.ts";
import { type Direction, DIRECTIONS } from "../review/change.ts";
import { type ReviewedBuild, reviewBuilds } from "../review/built.ts";
import type { Reviewed } from "../review/facts-of.ts";
import type { ImagesOptions } from "../review/images.ts";
import { review as reviewed, type Review } from "../review/review.ts";
import { type Command, ExitStatus, type Terminal, UsageError } from "./command.ts";
import { archOption } from "./load-image.ts";
import { FORMATS, oneOf, rendered } from "./rendered.ts";
import { loadAdvisories } from "./read-advisories.ts";
import { sharedKind } from "./review-side.ts";
import { publishedBuild, readBuild } from "./reviewed-build.ts";
import { loadReviewed } from "./reviewed.ts";
import { showProgress } from "./terminal.ts";

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
  const load = async (text: string, lock: string | undefined): Promise<Reviewed> => ({
    ...(await loadReviewed(text, values.image, lock)),
    advisories,
  });
  const review =
    kind === "build"
      ? reviewBuilds(await readBuild(a), await readBuild(b), advisories)
      : kind === "image"
        ? await compareImages(a, b, { arch, advisories }, terminal)
        : await compareDefinitions(await load(a, values["lock-a"]), await load(b, values["lock-b"]), arch, (side) =>
            terminal.note(`versions are not compared: ${side === "a" ? a : b} has no lock; give it with --lock-${side}`),
          );
  for (const line of rendered(review, format, `${a} → ${b}`, b)) terminal.print(line);
  if (failing.some((direction: Direction) => review.counts[direction] > 0)) throw new ExitStatus(1);
}

async function compareDefinitions(
  before: Reviewed,
  after: Reviewed,
  arch: Arch,
  onMissingLock: (side: "a" | "b") => void,
): Promise<Review> {
  if (!before.lock !== !after.lock) onMissingLock(before.lock ? "b" : "a");
  const [was, is] = await withChangedTexts(before.definition, after.definition, new BlobStore(defaultCacheDir()));
  return reviewed({ ...before, definition: was }, { ...after, definition: is }, arch);
}

async function compareImages(
  a: string,
  b: string,
  options: Pick<ImagesOptions, "advisories"> & { readonly arch: Arch },
  terminal: Terminal,
): Promise<Review> {
  const published = await publishedBuilds(a, b, options.arch, terminal);
  if (published) return reviewBuilds(...published, options.advisories);
  const { reviewImages } = await import("../review/images.ts");
  const cacheDir = defaultCacheDir();
  using _session = openSession(cacheDir);
  const { signal } = terminal;
  return reviewImages(a, b, { ...options, cacheDir, store: new BlobStore(cacheDir), onProgress: showProgress(terminal), signal });
}

/** Both as operating systems that were published; undefined if they are container images. @throws UsageError for one of each */
async function publishedBuilds(a: string, b: string, arch: Arch, terminal: Terminal): Promise<[ReviewedBuild, ReviewedBuild] | undefined> {
  const find = async (text: string): Promise<ReviewedBuild | undefined> =>
    /^(?:oci|docker-archive):/.test(text) ? undefined : publishedBuild(text, arch, terminal.signal);
  const [before, after] = [await find(a), await find(b)];
  if (before && after) return [before, after];
  if (!before && !after) return undefined;
  throw new UsageError(`got the operating system ${before ? a : b} and the container image ${before ? b : a}, wanted two of one kind`);
}
