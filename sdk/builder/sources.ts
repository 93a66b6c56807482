import type { Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { LayoutStep, ModulesStep, PlanBlob, PlanKernel, PlanSource } from "../plan/plan.ts";

/** Kernel modules and the order in which the guest loads them. */
export interface ModuleSet {
  /** Paths are relative to the root of the OS. */
  readonly files: AsyncIterable<Entry> | Iterable<Entry>;
  /** Paths of the files, relative to the root; each after the modules that it depends on. */
  readonly order: readonly string[];
}

/** The kernel itself, as a file. */
export interface KernelFile {
  readonly body: Bytes;
}

/** Opens what a plan names. The bytes are fetched and verified when they are first needed. */
export interface PlanSources {
  /** An image's tree, with paths relative to its own root. The same source gives the same entries in the same order. */
  openSource(source: PlanSource, signal?: AbortSignal): AsyncIterable<Entry>;
  openModules(
    source: PlanSource,
    names: readonly string[],
    options?: Pick<ModulesStep, "purpose" | "without"> & { readonly signal?: AbortSignal | undefined },
  ): Promise<ModuleSet>;
  openKernel(kernel: PlanKernel, signal?: AbortSignal): Promise<KernelFile>;
  /** A file of an image, by its path relative to the image's root; undefined if not found. */
  openFile(source: PlanSource, path: string, signal?: AbortSignal): Promise<Bytes | undefined>;
  /** A blob of a layout. */
  openBlob(layout: LayoutStep, blob: PlanBlob, signal?: AbortSignal): Bytes;
}
