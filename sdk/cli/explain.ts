import { parseArgs } from "node:util";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { openSession } from "../cache/session.ts";
import { type Arch, ARCHES } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { formatPath } from "../core/property-path.ts";
import { oneLine } from "../core/one-line.ts";
import type { Answer } from "../review/explain/answer.ts";
import { explain as answersTo } from "../review/explain/explain.ts";
import { type Question, questionOf } from "../review/explain/question.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { definitionPlaces, type Place } from "./definition-place.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { initrdOf } from "./held-build.ts";
import { archOption } from "./load-image.ts";
import { readBuild } from "./reviewed-build.ts";
import { sideKind } from "./review-side.ts";
import { loadReviewed } from "./reviewed.ts";
import { showProgress } from "./terminal.ts";

export const explain: Command = {
  help: `FILE is as for \`diff\`: a file, a file of a git revision (main:os.ts), the image of a stack (stack:prod), or
a container image: oci:DIR:TAG, docker-archive:FILE or registry/repository@sha256:…. WHAT is a path (/etc/passwd), a capability (CAP_NET_RAW), a port (443, 53/udp) or a
package (openssl). Prints where it comes from, with the line of the definition, and who needs it. Of a container
image only paths are known: which layer has it, and which package.

  --image NAME      the export to take                         [the only one]
  --build FILE      what \`build --json\` printed: packages with their versions, and the files of images
  --arch ARCH       of a container image: ${ARCHES.join(", ")}  [amd64]
  --json            print the answers as JSON

The exit code is 1 if FILE has nothing of the kind.`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        image: { type: "string" },
        build: { type: "string" },
        arch: { type: "string", default: "amd64" },
        json: { type: "boolean", default: false },
      },
    });
    const [file, what, ...more] = positionals;
    if (file === undefined || what === undefined || more.length > 0)
      throw new UsageError(`got ${positionals.length} arguments, wanted two: FILE and WHAT`);
    const question = questionOf(what);
    const found =
      sideKind(file) === "image"
        ? await ofImage(file, question, archOption(values.arch), terminal)
        : await ofDefinition(file, question, values, terminal);
    if (found.length === 0)
      throw new LinuxKitError("NOT_FOUND", `${what}: ${file} has nothing of this name${hint(question, values.build)}`, { what });
    if (values.json) return terminal.print(JSON.stringify(found, null, 2));
    for (const answer of found) for (const line of linesOf(answer)) terminal.print(line);
  },
};

/** An answer with its place in the definition's file. */
type PlacedAnswer = Omit<Answer, "steps"> & { readonly path?: string; readonly place?: Place | undefined };

async function ofDefinition(
  file: string,
  question: Question,
  options: { readonly image?: string | undefined; readonly build?: string | undefined },
  terminal: Terminal,
): Promise<PlacedAnswer[]> {
  const reviewed = await loadReviewed(file, options.image, undefined);
  const definition = knownDefinition(reviewed.definition);
  const build = options.build === undefined ? undefined : await readBuild(options.build);
  const initrd = build && question.kind === "path" ? await initrdOf(build, terminal) : undefined;
  const found = await answersTo(question, { definition, lock: build?.lock ?? reviewed.lock, initrd, cacheDir: defaultCacheDir() });
  const placeOf = await definitionPlaces(file, definition);
  return found.map(({ steps, ...answer }) => ({ ...answer, ...(steps && { path: formatPath(steps), place: placeOf(steps) }) }));
}

async function ofImage(reference: string, question: Question, arch: Arch, terminal: Terminal): Promise<PlacedAnswer[]> {
  if (question.kind !== "path")
    throw new UsageError(`got a ${question.kind} and the container image ${reference}, wanted a path: a definition has the rest`);
  const { explainImagePath } = await import("../review/explain/image-path.ts");
  const cacheDir = defaultCacheDir();
  using _session = openSession(cacheDir);
  return explainImagePath(reference, question.path, {
    arch,
    store: new BlobStore(cacheDir),
    onProgress: showProgress(terminal),
    signal: terminal.signal,
  });
}

function hint({ kind }: Question, build: string | undefined): string {
  if (build !== undefined || (kind !== "path" && kind !== "package")) return "";
  return `, as far as the definition says: --build FILE looks into a build`;
}

/** The most reasons that are printed as text. */
const MOST = 5;

function linesOf({ part, message, path, place, image, layer, package: from, neededBy = [] }: PlacedAnswer): string[] {
  const where = place ? `${place.file}:${place.line}:${place.column}` : undefined;
  const details = [
    path === undefined ? [] : [`from ${path}${where === undefined ? "" : `, ${where}`}`],
    image === undefined ? [] : [`image ${image}`],
    layer === undefined ? [] : [`layer ${layer}`],
    from === undefined ? [] : [`package ${from.name}${from.version === undefined ? "" : ` ${from.version}`}`],
    neededBy.slice(0, MOST).map((reason) => `needed by ${reason}`),
    neededBy.length > MOST ? [`and by ${neededBy.length - MOST} more, which --json lists`] : [],
  ].flat();
  return [`${part}: ${message}`, ...details.map((detail) => `  ${detail}`)].map(oneLine);
}
