import { collect } from "../core/bytes.ts";
import { inContext } from "../core/errors.ts";
import { canonicalJson } from "../core/json.ts";
import { SegmentStore } from "../cache/segment-store.ts";
import { fetchLayers } from "../oci/open-source.ts";
import { expandReference, parseReference } from "../oci/reference.ts";
import type { Plan, PlanSource } from "../plan/plan.ts";
import type { Lock } from "../resolve/lock.ts";
import { parseAttestation, type AttestedDocument } from "../sbom/attestation.ts";
import { debianPackage } from "../sbom/databases.ts";
import { type ImageContents, spdxDocument } from "../sbom/document.ts";
import { packageUrl } from "../sbom/package.ts";
import { imagePackages } from "./image-packages.ts";
import { ociOptions, type ResolveContext } from "./origins.ts";
import type { PlanSources } from "./sources.ts";

/** The distribution of the packages in this library's own images. */
const DEBIAN = { id: "debian", version: "12" } as const;

/** Bytes. An attestation lists every file of an image, so it may be long. */
const ATTESTATION_LIMIT = 256 << 20;

/**
 * The software in an OS: what its images attest, what their package databases list, and the Debian packages of this library's
 * own images.
 */
export async function contentsOf(plan: Plan, lock: Lock, sources: PlanSources, context: ResolveContext): Promise<readonly ImageContents[]> {
  const segments = new SegmentStore(context.cacheDir);
  const references = new Map(Object.entries(lock.images).map(([reference, manifest]) => [manifest, reference]));
  const contents: ImageContents[] = [];
  for (const { source, places, location } of placesOf(plan)) {
    if ("debian" in source) {
      contents.push(debianContents(source, places));
      continue;
    }
    const reference = references.get(source.oci.manifest) ?? source.oci.manifest;
    const attested: AttestedDocument[] = [];
    for (const blob of lock.sboms?.[reference] ?? []) {
      await fetchLayers(reference, [{ ...blob, mediaType: "" }], ociOptions(context));
      attested.push(parseAttestation(await collect(context.store.open(blob.digest), ATTESTATION_LIMIT), `attestation of ${reference}`));
    }
    contents.push({
      ...named(reference, source.oci.manifest),
      places,
      attested,
      packages: await imagePackages(source, reference, sources, {
        segments,
        shared: context.shared,
        trusts: context.trusts,
        signal: context.signal,
      }).catch((error: unknown) => {
        throw inContext(error, location);
      }),
    });
  }
  return contents;
}

/** The SPDX document of an OS made only from Debian packages; needs no network. */
export function debianSbom(plan: Plan): string {
  return spdxDocument(placesOf(plan).flatMap(({ source, places }) => ("debian" in source ? [debianContents(source, places)] : [])));
}

/** An image of a plan: where its tree lies in the OS, and the first field of the definition that names it. */
interface PlacedImage {
  readonly source: PlanSource;
  readonly places: string[];
  readonly location: string;
}

function placesOf({ kernel, segments }: Plan): PlacedImage[] {
  const found = new Map<string, PlacedImage>();
  const add = (source: PlanSource, place: string, location: string): void => {
    const key = canonicalJson(source);
    const known = found.get(key) ?? { source, places: [], location };
    if (!known.places.includes(place)) known.places.push(place);
    found.set(key, known);
  };
  if (kernel) add(kernel.source, "boot", "kernel.image");
  for (const step of segments.flatMap(({ steps }) => steps)) if (step.kind === "unpack") add(step.source, step.prefix, step.location);
  return [...found.values()];
}

function debianContents({ debian, packages }: Extract<PlanSource, { debian: unknown }>, places: readonly string[]): ImageContents {
  const name = `Debian ${debian.role === "packages" ? debian.packages.join(", ") : debian.role}`;
  const listed = packages.map(({ name: own, version, architecture, sha256, source, license }) =>
    debianPackage({ name: own, version, architecture, sha256, source, expression: license, distribution: DEBIAN }),
  );
  return { name, places, packages: listed, attested: [] };
}

function named(reference: string, manifest: string): Pick<ImageContents, "name" | "purl"> {
  const parsed = parseReference(reference);
  if (parsed.kind !== "registry") return { name: reference };
  const { registry, repository, tag } = parsed;
  const name = repository.slice(repository.lastIndexOf("/") + 1);
  return {
    name: expandReference(reference),
    purl: packageUrl("oci", "", name, manifest, { repository_url: `${registry}/${repository}`, tag: tag ?? "" }),
  };
}
