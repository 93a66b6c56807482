import type { ResolvedImage } from "../resolve/resolve.ts";
import type { PlanSource } from "./plan.ts";

/** The source of a resolved image's tree. */
export function sourceOf(image: ResolvedImage): PlanSource {
  if ("debian" in image) return { debian: image.debian, packages: image.packages };
  return { oci: { manifest: image.manifest, layers: image.layers } };
}

/** Whether a tree is made from Debian packages. */
export function isDebian(source: PlanSource): source is Extract<PlanSource, { debian: unknown }> {
  return "debian" in source;
}
