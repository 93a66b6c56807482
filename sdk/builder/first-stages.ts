import type { CachedSegment } from "../cache/segment-store.ts";
import { invalid, unsupported } from "../core/failure.ts";
import { present } from "../core/present.ts";
import type { FormatWriter } from "../format/parts.ts";
import type { Stage1Purpose } from "../guest/stage1/files.ts";
import type { Plan } from "../plan/plan.ts";
import { needsStage1, stage1Segment } from "../plan/stage1.ts";
import { prepare } from "./prepare.ts";
import type { BuildContext } from "./segment.ts";

/** The first stages that formats want, for a kernel that takes one. */
export async function makeFirstStages(
  { kernel, arch }: Plan,
  formats: readonly FormatWriter[],
  context: BuildContext,
): Promise<ReadonlyMap<Stage1Purpose, CachedSegment>> {
  const wanted = [...new Set(formats.flatMap(({ stage1 }) => stage1 ?? []))];
  if (!needsStage1(kernel) || wanted.length === 0) return new Map();
  const { segments } = await prepare({ segments: wanted.map((purpose) => stage1Segment(kernel, arch, purpose)) }, context);
  return new Map(wanted.map((purpose, at) => [purpose, present(segments[at])]));
}

/** Checks that the kernel takes the first stage that a packed root cannot be without. @throws INVALID_DEFINITION, UNSUPPORTED */
export function checkPackedRoot({ kernel }: Plan, formats: readonly FormatWriter[]): void {
  if (needsStage1(kernel) || !formats.some(({ stage1 }) => stage1 === "packed-root")) return;
  const wanted = "kernel+squashfs-initrd wanted debian.kernel(), with whose modules loop, squashfs and overlay its root is mounted";
  if (!kernel) throw invalid("kernel", `missing, and ${wanted}`);
  throw unsupported("kernel.image", `got an image of its own, but ${wanted}: use it, or kernel+initrd`, "kernel+squashfs-initrd");
}
