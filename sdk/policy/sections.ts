import { RULES, RULE_NAMES } from "./rules.ts";

/** A countermeasure of NIST SP 800-190. */
export interface Section {
  /** Its number. */
  readonly section: string;
  /** Its title. */
  readonly title: string;
  /** What covers it besides the rules, or instead of them. */
  readonly elsewhere?: string;
}

/** Section 4 of NIST SP 800-190. */
export const SECTIONS: readonly Section[] = Object.freeze([
  {
    section: "4.1.1",
    title: "image vulnerabilities",
    elsewhere: "every build writes an SPDX document of all packages for a scanner; this audit does not run a scanner",
  },
  { section: "4.1.2", title: "image configuration defects" },
  {
    section: "4.1.3",
    title: "embedded malware",
    elsewhere: "the lock pins digests and signed packages; their contents are not scanned",
  },
  { section: "4.1.4", title: "embedded clear-text secrets", elsewhere: "layers of images from registries are not searched" },
  {
    section: "4.1.5",
    title: "untrusted images",
    elsewhere: "Debian packages are only used if the archive's signature and their digests are valid",
  },
  { section: "4.2.1", title: "insecure connections to registries" },
  { section: "4.2.2", title: "stale images in registries", elsewhere: 'update: "always" looks for newer packages at each update' },
  {
    section: "4.2.3",
    title: "authentication and authorization of registries",
    elsewhere: "uses the logins of docker login; credentials are not written to an image or the state",
  },
  {
    section: "4.3.1",
    title: "unbounded administrative access",
    elsewhere: "access control of the stack and of the cloud; a machine has no administrator",
  },
  { section: "4.3.2", title: "unauthorized access of orchestrators", elsewhere: "as 4.3.1; the cloud provides second factors" },
  { section: "4.3.3", title: "poorly separated traffic between containers" },
  { section: "4.3.4", title: "mixing of workload sensitivity levels" },
  {
    section: "4.3.5",
    title: "trust of the orchestrator's nodes",
    elsewhere: "a machine does not join a cluster by itself; a cluster must check its own nodes",
  },
  {
    section: "4.4.1",
    title: "vulnerabilities of the container runtime",
    elsewhere: "crun and runc come from Debian and are in the SPDX document; a new version is a new image",
  },
  { section: "4.4.2", title: "unbounded network access from containers" },
  { section: "4.4.3", title: "insecure container runtime configurations" },
  { section: "4.4.4", title: "app vulnerabilities", elsewhere: "the behaviour of programs is not monitored" },
  {
    section: "4.4.5",
    title: "rogue containers",
    elsewhere: "the machine itself only starts the containers of its definition",
  },
  {
    section: "4.5.1",
    title: "large attack surface of the host",
    elsewhere: "the host is one program of this package and a container runtime, without a shell; the bench has figures",
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
    elsewhere: "the host's root is read-only in memory, and is unpacked again at each boot",
  },
  { section: "4.6", title: "hardware root of trust", elsewhere: "signed UKIs for Secure Boot: see docs/formats.md; no remote attestation" },
]);

/** The names of the rules that check a section. */
export function rulesOf(section: string): string[] {
  return RULE_NAMES.filter((name) => RULES[name]?.sections.includes(section));
}
