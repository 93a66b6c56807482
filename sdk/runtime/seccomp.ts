import type { Arch } from "../core/arch.ts";
import type { Capability } from "../definition/capability.ts";
import type { SeccompProfile } from "../definition/seccomp.ts";
import { ALLOWED, NEVER, OF_CAPABILITY } from "./syscalls.ts";

const EPERM = 1;
const ENOSYS = 38;

/** The architecture whose calls are taken at all: the 32-bit ones of the same processors are not, nor is x32. */
const NATIVE: Readonly<Record<Arch, string>> = { amd64: "SCMP_ARCH_X86_64", arm64: "SCMP_ARCH_AARCH64", s390x: "SCMP_ARCH_S390X" };

/** Every flag of clone(2) that makes a namespace. */
const CLONE_NAMESPACES = 0x7e02_0000;

/** UNIX, IPv4, IPv6, netlink. */
const FAMILIES = [1, 2, 10, 16];
const AF_PACKET = 17;
const AF_XDP = 44;

/** Linux itself, 32-bit uname, no randomised addresses (both ways of asking), and the question what it is. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0x4_0000, 0xffff_ffff];

/**
 * The default filter of system calls (runtime-spec, config-linux.md, "Seccomp"): a list of what is allowed. What is
 * refused on purpose answers EPERM; what the list does not know answers ENOSYS, so that a program falls back to what
 * older kernels have.
 *
 * @param capabilities the container's: each allows the calls that are about it
 */
export function defaultSeccomp(capabilities: readonly string[], arch: Arch): SeccompProfile {
  const held = new Set(capabilities);
  const widened = Object.entries(OF_CAPABILITY).flatMap(([name, calls]) => (held.has(name as Capability) ? calls : []));
  const allowed = new Set([...ALLOWED, ...widened]);
  const gated = Object.values(OF_CAPABILITY).flat();
  // the C library takes clone when it is told that there is no clone3, whose flags no filter can see
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
      { names: [...allowed, ...(held.has("CAP_SYS_ADMIN") ? ["clone"] : [])].sort(), action: "SCMP_ACT_ALLOW" },
      ...(held.has("CAP_SYS_ADMIN") ? [] : [cloneRule(arch)]),
      ...families.map((family) => equal("socket", family)),
      ...PERSONALITIES.map((personality) => equal("personality", personality)),
      { names: [...refused].sort(), action: "SCMP_ACT_ERRNO", errnoRet: EPERM },
    ],
  };
}

type Rule = SeccompProfile["syscalls"][number];

function cloneRule(arch: Arch): Rule {
  // s390x has the stack first
  const index = arch === "s390x" ? 1 : 0;
  return { names: ["clone"], action: "SCMP_ACT_ALLOW", args: [{ index, value: CLONE_NAMESPACES, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }] };
}
