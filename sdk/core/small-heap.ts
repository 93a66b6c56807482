import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's heap close to the size of its live objects, in a process that streams gigabytes and whose objects mostly
 * die at once. Only for executables: a library must not change its host's heap.
 *
 * The young generation keeps its initial size: grown to 48 MB it only keeps more garbage, and the buffers behind it, for
 * longer (a build of 100 MB took 150 MB of memory instead of 230, and was faster). The old generation is collected once
 * it has grown by half, instead of doubled: with 64 requests under way their objects outlive the young generation, and
 * an upload of 1 GiB took 170 MB instead of 205 in the same time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
}
