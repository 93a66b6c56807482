import type { KernelSpec } from "../definition/definition.ts";
import type { ResolvedImage } from "../resolve/resolve.ts";
import type { ArchiveStep, SegmentCompression, ModulesStep, PlanKernel, PlanSegment } from "./plan.ts";
import { directoryStep } from "./entry-step.ts";
import { isDebian, sourceOf } from "./source.ts";

/** The source of the kernel's file and of its microcode. */
export function planKernel({ binary, ucode, image }: KernelSpec, resolved: ResolvedImage): PlanKernel {
  const source = sourceOf(resolved);
  if (typeof image !== "string") return { source, binary };
  return { source, binary, ...(ucode !== "" && { ucode }) };
}

/**
 * Debian's modules. They come after `init`, whose tree has their folder.
 *
 * @param without default modules that this OS has no use for
 */
export function moduleSegments(
  kernel: KernelSpec | undefined,
  resolved: ResolvedImage | undefined,
  compression: SegmentCompression,
  without: readonly string[],
): PlanSegment[] {
  if (!kernel || !resolved || typeof kernel.image === "string") return [];
  const step: ModulesStep = {
    kind: "modules",
    source: sourceOf(resolved),
    names: kernel.image.debian.modules ?? [],
    ...(without.length > 0 && { without }),
  };
  return [{ name: "modules", compression, steps: [step] }];
}

/**
 * The contents of the `kernel.tar` in a kernel's image: modules, and files for boot loaders.
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
