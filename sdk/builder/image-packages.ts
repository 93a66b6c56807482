import { collect } from "../core/bytes.ts";
import { digestOf, hexOf } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import { NO_PATHS } from "../cache/segment-store.ts";
import type { PlanSource } from "../plan/plan.ts";
import type { SoftwarePackage } from "../sbom/package.ts";
import { DATABASE_LIMIT, treeDatabases } from "../sbom/tree-databases.ts";
import type { BuildContext } from "./segment.ts";
import { fetchSegment, findSegment, shareSegment } from "./shared-segment.ts";
import type { PlanSources } from "./sources.ts";

// raise it when the way that databases are read changes: it is part of the cache key
const VERSION = 1;

/**
 * The packages in the databases inside a registry's image. The result is cached, so an image is unpacked for
 * it only once.
 *
 * @param name the image's name, for messages
 */
export async function imagePackages(
  source: PlanSource,
  name: string,
  sources: PlanSources,
  context: Pick<BuildContext, "segments" | "shared" | "trusts" | "signal">,
): Promise<SoftwarePackage[]> {
  const { segments, signal } = context;
  const key = hexOf(digestOf(canonicalJson({ packages: VERSION, source })));
  const what = `packages of ${name}`;
  const cached =
    (await findSegment(key, context)) ??
    (await fetchSegment(key, what, context)) ??
    (await segments.put(key, databases(source, sources, signal), () => NO_PATHS, signal));
  shareSegment(cached, what, context);
  return JSON.parse((await collect(segments.open(cached), DATABASE_LIMIT)).toString()) as SoftwarePackage[];
}

async function* databases(source: PlanSource, sources: PlanSources, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify(await readDatabases(source, sources, signal)));
}

async function readDatabases(source: PlanSource, sources: PlanSources, signal: AbortSignal | undefined): Promise<SoftwarePackage[]> {
  const found = treeDatabases();
  for await (const { path, type, body } of sources.openSource(source, signal)) {
    if (type === "file" && found.wants(path)) found.add(path, (await collect(body, DATABASE_LIMIT, path)).toString());
  }
  return found.packages();
}
