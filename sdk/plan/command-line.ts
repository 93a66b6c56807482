import type { Arch } from "../core/arch.ts";
import { type Hardening, hardeningWords } from "../hardening/profile.ts";

/** Words of the kernel's command line that our own guest needs, each with the word that says the contrary or sets it otherwise. */
const GUEST_WORDS: readonly { readonly word: string; readonly unless: RegExp }[] = [
  // without it the root is a tmpfs of half the memory, and what does not fit is silently missing
  { word: "rootfstype=ramfs", unless: /^(rootfstype|root)=/ },
  // a panic ends the machine instead of leaving it hanging
  { word: "panic=-1", unless: /^panic=/ },
  // every line of the kernel costs time on a serial port
  { word: "quiet", unless: /^(quiet|debug|ignore_loglevel|loglevel=.*)$/ },
];

/** The command line for our own guest: what the user wrote, and after it the words that it needs and the user left open. */
export function guestCommandLine(written: string): string {
  const words = written.split(/\s+/).filter((word) => word !== "");
  const added = GUEST_WORDS.filter(({ unless }) => !words.some((word) => unless.test(word))).map(({ word }) => word);
  return [...words, ...added].join(" ");
}

/** The command line with the words that harden the host after what the user wrote. */
export function hardenedCommandLine(written: string, harden: Hardening | undefined, arch: Arch): string {
  if (!harden) return written;
  const words = written.split(/\s+/).filter((word) => word !== "");
  return [...words, ...hardeningWords(harden, arch, words)].join(" ");
}
