import { z } from "zod";

/** The signals of Linux on amd64, arm64 and s390x by number, from 1 (signal(7), column "x86/ARM, most others"). */
const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );

const OTHER_NAMES: Readonly<Record<string, string>> = { IOT: "ABRT", CLD: "CHLD", POLL: "IO", UNUSED: "SYS" };

/** The real-time signals that a C library leaves to programs: signal(7), "Real-time signals". */
const RTMIN = 34;
const RTMAX = 64;

/** The signal that asks a program to end. */
export const SIGTERM = 15;

/**
 * The number of a signal as Docker and OCI's `StopSignal` write it: `SIGQUIT`, `QUIT`, `3`, `SIGRTMIN+3`; undefined for
 * anything else.
 */
export function signalNumber(signal: string | number): number | undefined {
  const text = String(signal).trim().toUpperCase().replace(/^SIG/, "");
  const [, edge, sign = "+", offset = "0"] = /^(RTMIN|RTMAX)(?:([+-])(\d{1,2}))?$/.exec(text) ?? [];
  const base = edge === "RTMIN" ? RTMIN : RTMAX;
  const place = NAMES.indexOf(OTHER_NAMES[text] ?? text) + 1;
  const number = /^\d{1,3}$/.test(text) ? Number(text) : edge ? base + Number(sign + offset) : place;
  const least = edge ? RTMIN : 1;
  return number >= least && number <= RTMAX ? number : undefined;
}

/** A signal by name or number. */
export const signal = z
  .union([z.number(), z.string()])
  .refine((value) => signalNumber(value) !== undefined, `the name of a signal as "SIGQUIT", or its number from 1 to ${RTMAX}`);
