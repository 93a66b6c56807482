import type { Arch } from "../core/arch.ts";
import type { Capability } from "../definition/capability.ts";
import type { SeccompProfile } from "../definition/seccomp.ts";
import { ALLOWED, BY_ARGUMENT, NEVER, OF_CAPABILITY } from "../definition/system-calls.ts";

const EPERM = 1;
const ENOSYS = 38;

/** The only architecture whose calls are allowed. 32-bit calls and x32 on the same processor are refused. */
const NATIVE: Readonly<Record<Arch, string>> = { amd64: "SCMP_ARCH_X86_64", arm64: "SCMP_ARCH_AARCH64", s390x: "SCMP_ARCH_S390X" };

/**
 * The flags of clone(2) that make a namespace, and CLONE_PARENT (0x8000): with it a health command's children would be
 * those of the machine's first process, which then reaps as many as a service likes to make.
 */
const CLONE_REFUSED = 0x7e02_8000;

/** UNIX, IPv4, IPv6, netlink. */
const FAMILIES = [1, 2, 10, 16];
const AF_PACKET = 17;
const AF_XDP = 44;

/** personality(2): Linux, 32-bit uname, no address randomisation (alone and with the former), and the query. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0x4_0000, 0xffff_ffff];

/**
 * The default filter of system calls (runtime-spec, config-linux.md, "Seccomp"): a list of allowed calls. A call that is
 * refused on purpose fails with EPERM. An unknown call fails with ENOSYS, so that a program falls back to the calls of
 * older kernels.
 *
 * @param capabilities the container's capabilities; each allows the calls that depend on it
 * @param extra calls that are allowed too, whatever their arguments
 */
export function defaultSeccomp(capabilities: readonly string[], arch: Arch, extra: readonly string[] = []): SeccompProfile {
  const held = new Set(capabilities);
  const widened = Object.entries(OF_CAPABILITY).flatMap(([name, calls]) => (held.has(name as Capability) ? calls : []));
  const whole = new Set([...extra.filter((name) => BY_ARGUMENT.includes(name)), ...(held.has("CAP_SYS_ADMIN") ? ["clone"] : [])]);
  const allowed = new Set([...ALLOWED, ...widened, ...extra, ...whole]);
  const gated = Object.values(OF_CAPABILITY).flat();
  // clone3 fails with ENOSYS, so the C library falls back to clone; a filter cannot read the flags of clone3
  const refused = new Set([...NEVER, ...gated].filter((name) => !allowed.has(name) && name !== "clone3"));
  const families = [...FAMILIES, ...(held.has("CAP_NET_RAW") ? [AF_PACKET, AF_XDP] : [])];
  const equal = (name: string, value: number): Rule => ({
    names: [name],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
  });
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: [NATIVE[arch]],
    syscalls: [
      { names: [...allowed].sort(), action: "SCMP_ACT_ALLOW" },
      ...(whole.has("clone") ? [] : [cloneRule(arch)]),
      ...(whole.has("socket") ? [] : families.map((family) => equal("socket", family))),
      ...(whole.has("personality") ? [] : PERSONALITIES.map((personality) => equal("personality", personality))),
      { names: [...refused].sort(), action: "SCMP_ACT_ERRNO", errnoRet: EPERM },
    ],
  };
}

type Rule = SeccompProfile["syscalls"][number];

function cloneRule(arch: Arch): Rule {
  // on s390x the first argument is the stack
  const index = arch === "s390x" ? 1 : 0;
  return { names: ["clone"], action: "SCMP_ACT_ALLOW", args: [{ index, value: CLONE_REFUSED, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }] };
}
