import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { didYouMean } from "../core/suggest.ts";
import { count, fields, word } from "./fields.ts";
import type { Known } from "./inputs.ts";
import { SYSTEM_CALLS } from "./system-calls.ts";

const ACTIONS = [
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_LOG",
  "SCMP_ACT_TRAP",
] as const;

const COMPARISONS = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
] as const;

/** What happens to a system call. */
export type SeccompAction = (typeof ACTIONS)[number];

/** A condition on an argument of a system call. */
export interface SeccompConditionArgs {
  /** Which argument of the call: 0 to 5. @example 0 */
  readonly index: Input<number>;
  /** The value that it is compared with; for `SCMP_CMP_MASKED_EQ` the mask. @example 16 */
  readonly value: Input<number>;
  /** For `SCMP_CMP_MASKED_EQ`: the value that the masked argument is compared with. @default none @example 0 */
  readonly valueTwo?: Input<number | undefined>;
  /** The comparison. */
  readonly op: Input<(typeof COMPARISONS)[number]>;
}

/** What happens to some system calls. */
export interface SeccompRuleArgs {
  /** System calls by name; one that the machine's kernel does not know is ignored. @example ["mount", "umount2"] */
  readonly names: Input<readonly Input<string>[]>;
  /** What happens to these calls. */
  readonly action: Input<SeccompAction>;
  /** The error number of `SCMP_ACT_ERRNO`. @default 1, EPERM @example 38 */
  readonly errnoRet?: Input<number | undefined>;
  /** All of these must hold. @default none @example [{ index: 0, value: 16, op: "SCMP_CMP_EQ" }] */
  readonly args?: Input<readonly SeccompConditionArgs[] | undefined>;
}

/** A filter of system calls, as the runtime specification has it (config-linux.md, "Seccomp"). */
export interface SeccompProfileArgs {
  /** What happens to a call that no rule names. */
  readonly defaultAction: Input<SeccompAction>;
  /** The error number of `SCMP_ACT_ERRNO` as `defaultAction`. @default 1, EPERM @example 38 */
  readonly defaultErrnoRet?: Input<number | undefined>;
  /** Architectures whose calls the filter knows. @default the machine's own only @example ["SCMP_ARCH_X86_64"] */
  readonly architectures?: Input<readonly Input<string>[] | undefined>;
  /** Rules; the first that matches counts. @example [{ names: ["read", "write", "exit_group"], action: "SCMP_ACT_ALLOW" }] */
  readonly syscalls: Input<readonly SeccompRuleArgs[]>;
}

/** The default filter, with more system calls allowed than it allows by itself. */
export interface SeccompExtensionArgs {
  /** The filter that is extended. */
  readonly base: Input<"default">;
  /** System calls that are allowed too, whatever their arguments. @example ["keyctl", "add_key", "request_key"] */
  readonly allow: Input<readonly Input<string>[]>;
}

const action = z.enum(ACTIONS);
const errno = z.int().min(1).max(4095);

const argument = fields({
  index: z.int().min(0).max(5),
  value: count,
  valueTwo: count.optional(),
  op: z.enum(COMPARISONS),
});

const rule = fields({
  names: z.array(word).min(1, "at least one system call"),
  action,
  errnoRet: errno.optional(),
  args: z.array(argument).optional(),
});

/** The schema of {@link SeccompProfileArgs}. */
export const seccompProfile = fields({
  defaultAction: action,
  defaultErrnoRet: errno.optional(),
  architectures: z.array(word).optional(),
  syscalls: z.array(rule),
});

const KNOWN: ReadonlySet<string> = new Set(SYSTEM_CALLS);

/** The schema of {@link SeccompExtensionArgs}. */
export const seccompExtension = fields({
  base: z.literal("default"),
  allow: z
    .array(
      word.refine((name) => KNOWN.has(name), {
        error: ({ input }) => `the name of a system call, as "keyctl"${didYouMean(input, SYSTEM_CALLS)}`,
      }),
    )
    .min(1, "at least one system call"),
});

/** Which system calls a container may make. */
export const seccomp = z.union([seccompProfile, seccompExtension, z.enum(["default", "unconfined"])], {
  error: '"default", "unconfined", { base: "default", allow: [system calls] }, or a profile: { defaultAction, syscalls }',
});

/** The system calls that a container may make beside those of the default filter. */
export function extraCalls(given: Known<SeccompProfileArgs | SeccompExtensionArgs> | string | undefined): readonly string[] {
  return typeof given === "object" && "base" in given ? given.allow : [];
}

/** A filter of system calls, as plain JSON. */
export type SeccompProfile = Known<SeccompProfileArgs>;
