/** More processors than any kernel supports (NR_CPUS of Debian's kernels is at most 8192). */
const MOST = 8192;

/**
 * The highest processor of a list as `0-3,6` (cpuset(7), "List format"); undefined if it is not such a list.
 */
export function highestCpu(list: string): number | undefined {
  let highest = 0;
  for (const range of list.trim().split(",")) {
    const [, first = "", last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range.trim()) ?? [];
    if (first === "" || Number(last) < Number(first) || Number(last) >= MOST) return undefined;
    highest = Math.max(highest, Number(last));
  }
  return highest;
}
