import { availableParallelism } from "node:os";
import { type CachedSegment, NO_PATHS } from "../cache/segment-store.ts";
import { inContext, throwIfCancelled } from "../core/errors.ts";
import { kernelKey, microcodeKey, type Plan, type PlanKernel, type PlanSegment, segmentKey } from "../plan/plan.ts";
import { Budget } from "../core/budget.ts";
import { makeSegment, type BuildContext } from "./segment.ts";
import { fetchSegment, findSegment, shareSegment } from "./shared-segment.ts";

/** A segment in the local cache. */
export interface PreparedSegment extends CachedSegment {
  readonly name: string;
  /** Whether it was in the local or the shared cache before this build. */
  readonly cached: boolean;
}

/** The parts of a plan's initrd. */
export interface Prepared {
  readonly kernel?: CachedSegment;
  /** A cpio archive that precedes the segments, uncompressed. */
  readonly microcode?: CachedSegment;
  readonly segments: readonly PreparedSegment[];
}

// How many segments are made at once must bound the memory and must not change the bytes. A compressor at a high level
// takes 100 MB, so it runs alone; at a low level it takes a tenth of that.
const DENSE_LEVEL = 10;
const UNITS = Math.min(3, availableParallelism() + 1);

/**
 * Finds or makes the kernel's file and the segments of a plan, several at a time. If one fails, the others are aborted,
 * and all of them have ended before this rejects.
 *
 * @throws CANCELLED, and the first failure of a segment
 */
export async function prepare(plan: Pick<Plan, "kernel" | "segments">, context: BuildContext): Promise<Prepared> {
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const inner = { ...context, signal };
  const budget = new Budget(UNITS);
  const made = new Map<string, Promise<PreparedSegment>>();
  const once = (name: string, key: string, units: number, make: () => Promise<CachedSegment>): Promise<PreparedSegment> => {
    const running = made.get(key) ?? findOrMake(key, name, inner, () => budget.run(units, make)).then((found) => ({ name, ...found }));
    made.set(key, running);
    running.catch((error: unknown) => stop.abort(error));
    return running.then((segment) => ({ ...segment, name }));
  };
  const { kernel: planKernel } = plan;
  const kernel = planKernel && once("kernel", kernelKey(planKernel), 1, () => makeKernel(planKernel, inner));
  const microcode =
    planKernel?.ucode === undefined ? undefined : once("microcode", microcodeKey(planKernel), 1, () => makeMicrocode(planKernel, inner));
  const segments = plan.segments.map((segment) =>
    once(segment.name, segmentKey(segment), unitsOf(segment), () => makeSegment(segment, inner)),
  );
  const settled = await Promise.allSettled([...segments, ...(kernel ? [kernel] : []), ...(microcode ? [microcode] : [])]);
  // the first failure aborted the others, so their errors only say that
  throwIfCancelled(context.signal, "the build");
  if (settled.some(({ status }) => status === "rejected")) throw stop.signal.reason;
  const prepared = await Promise.all(segments);
  for (const { name, cached, size } of prepared)
    context.onProgress?.({ stage: "segment", message: `${name} ${cached ? "cached" : "made"}`, done: size, total: size });
  // if the image lacks the named microcode, the initrd has no microcode, as with LinuxKit
  const found = (await microcode)?.size ? { microcode: (await microcode) as CachedSegment } : {};
  return { segments: prepared, ...(kernel ? { kernel: await kernel } : {}), ...found };
}

async function findOrMake(
  key: string,
  name: string,
  context: BuildContext & { readonly signal: AbortSignal },
  make: () => Promise<CachedSegment>,
): Promise<CachedSegment & { cached: boolean }> {
  const { segments, signal } = context;
  const found = await findSegment(key, context);
  const prepared = found
    ? { ...found, cached: true }
    : await segments.withLock(key, makeMissing, { signal, what: "another build that makes the same segment" });
  shareSegment(prepared, name, context);
  return prepared;

  async function makeMissing(): Promise<CachedSegment & { cached: boolean }> {
    // another build may have made it during the wait, and another computer earlier
    const existing = (await findSegment(key, context)) ?? (await fetchSegment(key, name, context));
    return existing ? { ...existing, cached: true } : { ...(await make()), cached: false };
  }
}

async function makeKernel(kernel: PlanKernel, { segments, sources, signal }: BuildContext): Promise<CachedSegment> {
  throwIfCancelled(signal, "the build");
  const { body } = await sources.openKernel(kernel, signal).catch(inKernelImage);
  return segments.put(kernelKey(kernel), body, () => NO_PATHS, signal);
}

async function makeMicrocode(kernel: PlanKernel, { segments, sources, signal }: BuildContext): Promise<CachedSegment> {
  const body = await sources.openFile(kernel.source, kernel.ucode ?? "", signal).catch(inKernelImage);
  return segments.put(microcodeKey(kernel), body ?? [], () => NO_PATHS, signal);
}

function inKernelImage(error: unknown): never {
  throw inContext(error, "kernel.image");
}

function unitsOf({ compression }: PlanSegment): number {
  return compression.level >= DENSE_LEVEL ? UNITS : 1;
}
