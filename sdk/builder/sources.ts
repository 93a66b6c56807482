import type { Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { LayoutStep, ModulesStep, PlanBlob, PlanKernel, PlanSource } from "../plan/plan.ts";

/** Kernel modules as files, and the order in which the guest loads them. */
export interface ModuleSet {
  /** With paths from the root of the OS. */
  readonly files: AsyncIterable<Entry> | Iterable<Entry>;
  /** Paths of the files, each after all that it needs; relative to the root. */
  readonly order: readonly string[];
}

/** A kernel's own file. */
export interface KernelFile {
  readonly body: Bytes;
}

/** Opens what a plan names; the bytes are fetched, and checked against their digests, when they are first needed. */
export interface PlanSources {
  /** An image's tree, with paths from its own root. The same source gives the same entries in the same order. */
  openSource(source: PlanSource, signal?: AbortSignal): AsyncIterable<Entry>;
  openModules(
    source: PlanSource,
    names: readonly string[],
    options?: { readonly purpose?: ModulesStep["purpose"]; readonly signal?: AbortSignal | undefined },
  ): Promise<ModuleSet>;
  openKernel(kernel: PlanKernel, signal?: AbortSignal): Promise<KernelFile>;
  /** A file of an image by its path from the image's own root; undefined where there is none. */
  openFile(source: PlanSource, path: string, signal?: AbortSignal): Promise<Bytes | undefined>;
  /** One of the blobs of a layout. */
  openBlob(layout: LayoutStep, blob: PlanBlob, signal?: AbortSignal): Bytes;
}
