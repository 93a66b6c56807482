import type { Arch } from "../core/arch.ts";
import { type Hardening, hardeningWords } from "../hardening/profile.ts";

/** Words of the kernel's command line that the guest's own init needs, each with the words that override it. */
const GUEST_WORDS: readonly { readonly word: string; readonly unless: RegExp }[] = [
  // without it the root is a tmpfs limited to half of the memory, and files that do not fit are silently missing
  { word: "rootfstype=ramfs", unless: /^(rootfstype|root)=/ },
  // a panic restarts the machine instead of leaving it hanging
  { word: "panic=-1", unless: /^panic=/ },
  // each line that the kernel prints takes time on a serial port
  { word: "quiet", unless: /^(quiet|debug|ignore_loglevel|loglevel=.*)$/ },
];

/** The command line for the guest's own init: the user's words, then the words that it needs and the user did not override. */
export function guestCommandLine(written: string): string {
  const words = written.split(/\s+/).filter((word) => word !== "");
  const added = GUEST_WORDS.filter(({ unless }) => !words.some((word) => unless.test(word))).map(({ word }) => word);
  return [...words, ...added].join(" ");
}

/** The command line with the words that harden the kernel, after the user's words. */
export function hardenedCommandLine(written: string, harden: Hardening | undefined, arch: Arch): string {
  if (!harden) return written;
  const words = written.split(/\s+/).filter((word) => word !== "");
  return [...words, ...hardeningWords(harden, arch, words)].join(" ");
}
