/**
 * What the kernel of every machine here keeps free, which MemAvailable does not count: one and a half times 2 zones × 11 × 2 MiB, for
 * huge pages, on a machine of 512 MiB or more and less than 3 GiB.
 *
 * Source: Linux, mm/khugepaged.c, set_recommended_min_free_kbytes; mm/page_alloc.c, __setup_per_zone_wmarks, calculate_totalreserve_pages.
 */
export const KEPT_FREE = 66 * 2 ** 20;

/** Bytes that a kernel keeps free, from its /proc/zoneinfo: the highest mark of each zone (proc_zoneinfo(5)). */
export function keptFree(zoneinfo: string): number {
  return [...zoneinfo.matchAll(/^ +high +(\d+)$/gm)].reduce((sum, [, pages]) => sum + Number(pages) * 4096, 0);
}

/** Refuses a machine whose kernel keeps more or less free than {@link KEPT_FREE}, by more than the rounding to pages. */
export function checkKeptFree(name: string, zoneinfo: string): void {
  const kept = keptFree(zoneinfo);
  if (Math.abs(kept - KEPT_FREE) > 2 ** 18)
    throw new Error(`${name}: its kernel keeps ${kept} bytes free, wanted ${KEPT_FREE}: its memory cannot be compared with the others'`);
}
