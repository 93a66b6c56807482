import { type CachedSegment, NO_PATHS } from "../cache/segment-store.ts";
import { type Bytes, collect } from "../core/bytes.ts";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";
import { type PlanKernel, zstdKey } from "../plan/plan.ts";
import { prepare } from "./prepare.ts";
import type { BuildContext } from "./segment.ts";
import { unpackedKernel } from "./unpacked-kernel.ts";

/**
 * A message of the kernel's own zstd decompressor (lib/decompress_unzstd.c, since Linux 5.9). That file is part of the
 * kernel proper if, and only if, CONFIG_RD_ZSTD selects it: lib/decompress.c's table of an initramfs' compressions then
 * refers to it. The table itself names every compression, and has a null pointer beside those that are left out.
 */
const MESSAGE = "ZSTD-compressed data is corrupt";

/** Bytes of a kernel proper that are looked at: ten times those of a large one, and an end for what unpacks for ever. */
const MOST = 512 << 20;

const ANSWERS = { yes: true, no: false } as const;

/**
 * Whether a kernel unpacks an initramfs in zstd: whether the kernel proper holds the decompressor. The answer is kept in
 * the cache under the kernel's digest. It is no for a kernel that cannot be unpacked here.
 *
 * @throws NOT_FOUND if the image has no such file, and the errors of the sources
 */
export async function takesZstd(kernel: PlanKernel, context: BuildContext): Promise<boolean> {
  const { segments, signal } = context;
  const key = zstdKey(kernel);
  const known = await segments.find(key);
  const kept = known && (await keptAnswer(known, context));
  if (kept !== undefined) return kept;
  // the build needs this file too, and finds it in the cache
  const { kernel: file } = await prepare({ kernel, segments: [] }, context);
  if (!file) throw new LinuxKitError("NOT_FOUND", "kernel.image: the kernel was not found", { what: "kernel.image" });
  const unpacked = await unpackedKernel(segments.open(file));
  const answer = unpacked !== undefined && (await holds(unpacked, MESSAGE));
  await segments.put(key, [Buffer.from(answer ? "yes" : "no")], () => NO_PATHS, signal);
  return answer;
}

async function keptAnswer(known: CachedSegment, { segments }: BuildContext): Promise<boolean | undefined> {
  try {
    return ANSWERS[(await collect(segments.open(known))).toString() as keyof typeof ANSWERS];
  } catch (error) {
    // damaged, or pruned meanwhile: it is found again
    if (isLinuxKitError(error)) return undefined;
    throw error;
  }
}

/** Whether the first bytes of a stream, {@link MOST}, hold a text, also across two chunks. */
async function holds(source: Bytes, text: string): Promise<boolean> {
  let tail = Buffer.alloc(0);
  let seen = 0;
  for await (const given of source) {
    const chunk = Buffer.from(given.buffer, given.byteOffset, given.length);
    const seam = Buffer.concat([tail, chunk.subarray(0, text.length - 1)]);
    if (seam.includes(text, 0, "latin1") || chunk.includes(text, 0, "latin1")) return true;
    tail = Buffer.concat([tail, chunk.subarray(-text.length + 1)]).subarray(-text.length + 1);
    seen += chunk.length;
    if (seen > MOST) return false;
  }
  return false;
}
