import type { KernelSpec } from "../definition/definition.ts";
import type { ResolvedImage } from "../resolve/resolve.ts";
import type { ArchiveStep, SegmentCompression, ModulesStep, PlanKernel, PlanSegment } from "./plan.ts";
import { directoryStep } from "./entry-step.ts";
import { isDebian, sourceOf } from "./source.ts";

/** Where the kernel's file, and its microcode, come from. */
export function planKernel({ binary, ucode, image }: KernelSpec, resolved: ResolvedImage): PlanKernel {
  const source = sourceOf(resolved);
  if (typeof image !== "string") return { source, binary };
  return { source, binary, ...(ucode !== "" && { ucode }) };
}

/** Debian's modules, which go over `init`: its tree has the folder that they lie in. */
export function moduleSegments(
  kernel: KernelSpec | undefined,
  resolved: ResolvedImage | undefined,
  compression: SegmentCompression,
): PlanSegment[] {
  if (!kernel || !resolved || typeof kernel.image === "string") return [];
  const step: ModulesStep = { kind: "modules", source: sourceOf(resolved), names: kernel.image.debian.modules ?? [] };
  return [{ name: "modules", compression, steps: [step] }];
}

/**
 * What the `kernel.tar` of a kernel's image holds: modules, and what boot loaders want.
 *
 * @param mergedUsr whether the root comes from Debian packages
 */
export function kernelSegments(
  kernel: KernelSpec | undefined,
  resolved: ResolvedImage | undefined,
  { compression, mergedUsr }: { readonly compression: SegmentCompression; readonly mergedUsr: boolean },
): PlanSegment[] {
  if (!kernel || !resolved) return [];
  const source = sourceOf(resolved);
  if (isDebian(source)) return [];
  const archive: ArchiveStep = { kind: "archive", source, member: kernel.tar, mergedUsr, location: "kernel.tar" };
  return [{ name: "kernel", compression, steps: [directoryStep("boot"), ...(["", "none"].includes(kernel.tar) ? [] : [archive])] }];
}
