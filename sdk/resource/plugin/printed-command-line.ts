/** The level of the message with the command line, `pr_notice` (Linux, init/main.c, start_kernel). */
const NOTICE = 5;

/** Levels below it reach the console: as configured, with `quiet` and with `debug` (Linux, include/linux/printk.h, init/main.c). */
const LEVELS = { configured: 7, quiet: 4, debug: 10 } as const;

/**
 * Whether the kernel prints its command line to the console. It reads the words in order up to `--`, and the last one that sets the
 * level counts; `ignore_loglevel` prints all (Linux, kernel/params.c, parse_args; kernel/printk/printk.c).
 *
 * @param own whether the guest's own init runs: then the build adds `quiet`
 */
export function printsCommandLine(cmdline: string, own: boolean): boolean {
  const all = cmdline.split(/\s+/);
  const words = all.includes("--") ? all.slice(0, all.indexOf("--")) : all;
  let level: number = own && words.length === all.length ? LEVELS.quiet : LEVELS.configured;
  for (const word of words) {
    if (word === "ignore_loglevel") return true;
    if (word === "quiet" || word === "debug") level = LEVELS[word];
    const [, given] = /^loglevel=(\d+)$/.exec(word) ?? [];
    if (given !== undefined) level = Number(given);
  }
  return NOTICE < level;
}
