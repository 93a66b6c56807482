import { present, type Rules } from "../rule.ts";

/** Rules on the kernel, its hardening, and volumes. */
export const MACHINE_RULES: Rules = {
  kernel: {
    noun: () => "kernel",
    value: () => undefined,
    breaks: () => true,
    why: { breaks: "without a kernel, the machine cannot start by itself" },
  },
  profile: {
    noun: () => "hardening profile",
    unset: () => "none",
    rank: (value) => (value === "strict" ? 0 : value === "default" ? 1 : 2),
    why: { widens: "fewer settings of the kernel are hardened", narrows: "more settings of the kernel are hardened" },
  },
  waiver: {
    noun: ({ name }) => `waiver of ${name}`,
    rank: present,
    why: { widens: "this setting is not hardened", narrows: "this setting is hardened" },
  },
  volume: { noun: ({ name }) => name, value: () => undefined },
  "volume-readonly": {
    noun: () => "read-only",
    rank: (value) => (value === undefined ? 1 : 0),
    why: { widens: "containers may change it", narrows: "containers can no longer change it" },
  },
  disk: {
    noun: () => "disk of its own",
    value: () => undefined,
    breaks: () => true,
    why: { breaks: "what the volume held before is not in it afterwards, and a machine needs the disk" },
  },
  "disk-identity": {
    noun: ({ name }) => `${name} of the disk`,
    breaks: (before, after) => before !== undefined && after !== undefined,
    why: { breaks: "the disk that holds the data is not found by the new name" },
  },
};
