import { didYouMean } from "../core/suggest.ts";
import { text } from "./fields.ts";

/** The resource limits that Linux knows (getrlimit(2)). */
export const RLIMITS = [
  "RLIMIT_AS",
  "RLIMIT_CORE",
  "RLIMIT_CPU",
  "RLIMIT_DATA",
  "RLIMIT_FSIZE",
  "RLIMIT_LOCKS",
  "RLIMIT_MEMLOCK",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_NOFILE",
  "RLIMIT_NPROC",
  "RLIMIT_RSS",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
  "RLIMIT_SIGPENDING",
  "RLIMIT_STACK",
] as const;

/** A limit's full name. LinuxKit accepts any case, with or without `RLIMIT_`. */
export function rlimitName(typed: string): string {
  const upper = typed.trim().toUpperCase();
  return upper.startsWith("RLIMIT_") ? upper : `RLIMIT_${upper}`;
}

/** A process limit: `name,soft,hard`. */
export const rlimit = text.superRefine((value, context) => {
  const parts = value.split(",").map((part) => part.trim());
  const name = rlimitName(parts[0] as string);
  if (parts.length !== 3) {
    context.addIssue({ code: "custom", message: '"name,soft,hard", as "nofile,1024,4096"' });
  } else if (!(RLIMITS as readonly string[]).includes(name)) {
    const short = RLIMITS.map((known) => known.slice("RLIMIT_".length).toLowerCase());
    context.addIssue({ code: "custom", message: `a limit of ${short.join(", ")}${didYouMean(parts[0]?.toLowerCase(), short)}` });
  } else if (!parts.slice(1).every((part) => part.toLowerCase() === "unlimited" || /^\d{1,20}$/.test(part))) {
    context.addIssue({ code: "custom", message: 'numbers or "unlimited" as soft and hard limit' });
  }
});
