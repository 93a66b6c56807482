import type { Arch } from "../core/arch.ts";
import { type Hardening, hardeningWords } from "../hardening/profile.ts";

/**
 * Keeps the kernel from making the files of its tracing: 8.9 MB of inodes, which it cannot free, and 0.04 s of a boot (Debian's
 * 6.1). This one call makes nearly all of them (kernel/trace/trace.c, `tracer_init_tracefs`). A name that a kernel does not have,
 * it ignores (init/main.c, `initcall_blacklisted`).
 */
export const NO_TRACING = "initcall_blacklist=tracer_init_tracefs";

/** Words that say something of tracing at boot, or of that list (admin-guide/kernel-parameters.txt of Linux's Documentation). */
const TRACING = /^(initcall_blacklist|ftrace\w*|trace\w*|kprobe_event|stacktrace\w*|tp_printk\w*|alloc_snapshot)(=|$)/;

/** Words of the kernel's command line that the guest's own init needs, each with the words that override it. */
const GUEST_WORDS: readonly { readonly word: string; readonly unless: RegExp }[] = [
  // without it the root is a tmpfs limited to half of the memory, and files that do not fit are silently missing
  { word: "rootfstype=ramfs", unless: /^(rootfstype|root)=/ },
  // a panic restarts the machine instead of leaving it hanging
  { word: "panic=-1", unless: /^panic=/ },
  // each line that the kernel prints takes time on a serial port
  { word: "quiet", unless: /^(quiet|debug|ignore_loglevel|loglevel=.*)$/ },
  { word: NO_TRACING, unless: TRACING },
];

/**
 * The command line for the guest's own init: the user's words, then the words that it needs and the user did not override.
 *
 * @param traced whether a container has the files of the kernel's tracing
 */
export function guestCommandLine(written: string, traced = false): string {
  const words = written.split(/\s+/).filter((word) => word !== "");
  const wanted = GUEST_WORDS.filter(({ word }) => !(traced && word === NO_TRACING));
  const added = wanted.filter(({ unless }) => !words.some((word) => unless.test(word))).map(({ word }) => word);
  return [...words, ...added].join(" ");
}

/** The command line with the words that harden the kernel, after the user's words. */
export function hardenedCommandLine(written: string, harden: Hardening | undefined, arch: Arch): string {
  if (!harden) return written;
  const words = written.split(/\s+/).filter((word) => word !== "");
  return [...words, ...hardeningWords(harden, arch, words)].join(" ");
}
