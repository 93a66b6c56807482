import { RULES, RULE_NAMES } from "./rules.ts";

/** One countermeasure of NIST SP 800-190, and who answers for it. */
export interface Section {
  readonly section: string;
  readonly title: string;
  /** What answers it where no rule does, or beside the rules. */
  readonly elsewhere?: string;
}

/** Section 4 of NIST SP 800-190. */
export const SECTIONS: readonly Section[] = Object.freeze([
  {
    section: "4.1.1",
    title: "image vulnerabilities",
    elsewhere: "every build writes an SPDX document of all packages for a scanner; what it finds is not judged here",
  },
  { section: "4.1.2", title: "image configuration defects" },
  {
    section: "4.1.3",
    title: "embedded malware",
    elsewhere: "bytes are those of the digests and signed packages in the lock; what these hold is not scanned",
  },
  { section: "4.1.4", title: "embedded clear-text secrets", elsewhere: "layers of images from registries are not searched" },
  {
    section: "4.1.5",
    title: "untrusted images",
    elsewhere: "Debian's packages are used only when its archive's signature and their digests hold",
  },
  { section: "4.2.1", title: "insecure connections to registries" },
  { section: "4.2.2", title: "stale images in registries", elsewhere: 'update: "always" looks for newer packages at each update' },
  {
    section: "4.2.3",
    title: "authentication and authorization of registries",
    elsewhere: "credentials are those of docker login; none is written to an image or the state",
  },
  {
    section: "4.3.1",
    title: "unbounded administrative access",
    elsewhere: "the stack's own access control and that of the cloud; a machine has no administrator",
  },
  { section: "4.3.2", title: "unauthorized access of orchestrators", elsewhere: "as 4.3.1; second factors are the cloud's" },
  { section: "4.3.3", title: "poorly separated traffic between containers" },
  { section: "4.3.4", title: "mixing of workload sensitivity levels" },
  {
    section: "4.3.5",
    title: "trust of the orchestrator's nodes",
    elsewhere: "a machine joins nothing by itself; what a cluster asks of its nodes is the cluster's",
  },
  {
    section: "4.4.1",
    title: "vulnerabilities of the container runtime",
    elsewhere: "crun or runc are Debian's and in the SPDX document; a new version is a new image",
  },
  { section: "4.4.2", title: "unbounded network access from containers" },
  { section: "4.4.3", title: "insecure container runtime configurations" },
  { section: "4.4.4", title: "app vulnerabilities", elsewhere: "what a program does that it should not is not watched" },
  {
    section: "4.4.5",
    title: "rogue containers",
    elsewhere: "the machine starts what its definition has and nothing else: there is no daemon to ask",
  },
  {
    section: "4.5.1",
    title: "large attack surface of the host",
    elsewhere: "the host is BusyBox, a container runtime and our scripts; figures are in the bench",
  },
  { section: "4.5.2", title: "shared kernel", elsewhere: "only containers run on the host" },
  {
    section: "4.5.3",
    title: "host component vulnerabilities",
    elsewhere: "kernel, init and runtime are in the lock and the SPDX document; the host has no state of its own",
  },
  { section: "4.5.4", title: "improper user access rights", elsewhere: "the host has no users" },
  {
    section: "4.5.5",
    title: "tampering with the host's files",
    elsewhere: "the host's root is read-only in memory, and is unpacked anew at each boot",
  },
  { section: "4.6", title: "hardware root of trust", elsewhere: "signed UKIs for Secure Boot: see docs/formats.md; nothing is attested" },
]);

/** The rules that answer a section. */
export function rulesOf(section: string): string[] {
  return RULE_NAMES.filter((name) => RULES[name]?.sections.includes(section));
}
