import type { BlobStore } from "../cache/blob-store.ts";
import { NO_PATHS } from "../cache/segment-store.ts";
import { storedContent } from "../cache/stored-content.ts";
import { collect } from "../core/bytes.ts";
import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { programOf } from "../debian/contents.ts";
import { openContents } from "../debian/lock-packages.ts";
import { type Programs, programsOf, type StoredPrograms } from "../debian/programs.ts";
import type { Command } from "../resolve/commands.ts";
import { debianOptions, type ResolveContext } from "./origins.ts";
import type { BuildContext } from "./segment.ts";
import { fetchSegment, findSegment, shareSegment } from "./shared-segment.ts";

/** Bytes. */
const LONGEST = 256 << 20;

// raise it when the way that programs are read changes: it is part of the cache key
const VERSION = 1;

/**
 * The programs of an image made from packages. The result is cached, so that a build whose segments are in a cache fetches
 * no package for it.
 */
export async function imagePrograms(
  { debian, packages }: Command["image"],
  context: ResolveContext & Pick<BuildContext, "segments">,
): Promise<Programs> {
  const { segments, signal, arch } = context;
  const key = hexOf(digestOf(canonicalJson({ programs: VERSION, debian, packages, arch })));
  const what = `programs of ${debian.packages.join(", ")}`;
  const read = async function* (): AsyncGenerator<Uint8Array> {
    const opened = await openContents(packages, debianOptions(context));
    yield Buffer.from(JSON.stringify(programsOf(debian, opened, arch, await storedPrograms(debian, context.store))));
  };
  const cached =
    (await findSegment(key, context)) ??
    (await fetchSegment(key, what, context)) ??
    (await segments.put(key, read(), () => NO_PATHS, signal));
  shareSegment(cached, what, context);
  return JSON.parse((await collect(segments.open(cached), LONGEST)).toString()) as Programs;
}

/** What the image's own files are that may run and whose content is in the cache. */
async function storedPrograms({ files }: Command["image"]["debian"], store: BlobStore): Promise<StoredPrograms> {
  const found = new Map<string, Awaited<ReturnType<typeof programOf>>>();
  for (const { path, sha256, mode = "0644" } of files) {
    if (sha256 === undefined || found.has(sha256) || (Number.parseInt(mode, 8) & 0o111) === 0) continue;
    found.set(sha256, await programOf(storedContent(store, `sha256:${sha256}`, path), path));
  }
  return found;
}
