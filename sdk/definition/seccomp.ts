import { z } from "zod";
import { count, fields, word } from "./fields.ts";

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

const action = z.enum(ACTIONS);
const errno = z.int().min(1).max(4095);

const argument = fields({
  /** Which argument of the call: 0 to 5. */
  index: z.int().min(0).max(5),
  value: count,
  /** For `SCMP_CMP_MASKED_EQ`: the value that the masked argument is compared with. */
  valueTwo: count.optional(),
  op: z.enum(COMPARISONS),
});

const rule = fields({
  /** System calls by name; one that the machine's kernel does not know is ignored. */
  names: z.array(word).min(1, "at least one system call"),
  action,
  /** The error number of `SCMP_ACT_ERRNO`. @default 1, EPERM */
  errnoRet: errno.optional(),
  /** All of these must hold. @default none */
  args: z.array(argument).optional(),
});

/** A filter of system calls, as the runtime specification has it (config-linux.md, "Seccomp"). */
export const seccompProfile = fields({
  /** The action for a call that no rule names. */
  defaultAction: action,
  /** @default 1, EPERM */
  defaultErrnoRet: errno.optional(),
  /** As `SCMP_ARCH_X86_64`. @default the machine's own only */
  architectures: z.array(word).optional(),
  syscalls: z.array(rule),
});

/** Which system calls a container may make. */
export const seccomp = z.union([seccompProfile, z.enum(["default", "unconfined"])], {
  error: '"default", "unconfined", or a profile: { defaultAction, syscalls }',
});

/** A filter of system calls, as plain JSON. */
export type SeccompProfile = z.output<typeof seccompProfile>;
