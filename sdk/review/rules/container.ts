import type { Json } from "../../core/json.ts";
import { allows } from "../facts/seccomp.ts";
import { present, type Rules } from "../rule.ts";

const CLOSED = ["closed", undefined, "open"];

/** Rules on what a container is and what it may do. */
export const CONTAINER_RULES: Rules = {
  container: { noun: ({ name }) => name, value: () => undefined },
  sandbox: {
    noun: () => "sandbox",
    unset: () => "default",
    rank: present,
    why: { widens: "LinuxKit's sandbox leaves open what no field closes", narrows: "the default sandbox closes what no field opens" },
  },
  label: {
    noun: () => "label",
    unset: () => "narrow",
    rank: present,
    why: {
      widens: "the image's label may now open the sandbox, so whoever publishes the image decides",
      narrows: "the image's label can no longer open the sandbox",
    },
  },
  capability: {
    noun: ({ name }) => `capability ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "its processes may use it", narrows: "its processes can no longer use it" },
  },
  "capability-ambient": {
    noun: ({ name }) => `ambient capability ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "it survives a change of user", narrows: "it is lost with a change of user" },
  },
  namespace: {
    noun: ({ name }) => `${name} namespace`,
    unset: () => "new",
    rank: (value) => (value === undefined ? 0 : value === "host" ? 2 : 1),
    why: { widens: "it shares this with the machine or another container", narrows: "it has one of its own" },
  },
  cgroup: {
    noun: () => "control groups",
    unset: () => "new",
    rank: (value) => (value === "host" ? 2 : value === "delegated" ? 1 : 0),
    why: { widens: "it may change more control groups", narrows: "it may change fewer control groups" },
  },
  "user-namespace": {
    noun: () => "user namespace",
    unset: () => "none",
    // its users are nobody on the machine: without one, its root is the machine's
    rank: (value) => (value === "private" || value === "new" ? -1 : value === undefined || value === "host" || value === "root" ? 0 : 1),
    why: { widens: "its users are users of the machine", narrows: "its users are nobody on the machine" },
  },
  mapping: {
    noun: ({ name }) => `id mapping ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "it owns more of the machine's ids", narrows: "it owns fewer of the machine's ids" },
  },
  user: {
    noun: ({ name }) => name,
    unset: () => "the image's",
    // an image that names no user has root's (image-spec, config.md, "User")
    rank: (value) => (value === 0 || value === "root" ? 2 : value === undefined ? 1 : 0),
    why: { widens: "its processes are root, or may be", narrows: "its processes are no longer root" },
  },
  group: {
    noun: ({ name }) => `group ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "it may use the files of this group", narrows: "it can no longer use the files of this group" },
  },
  "writable-root": {
    noun: () => "writable root",
    value: () => undefined,
    rank: present,
    why: { widens: "it can change its own programs", narrows: "it cannot change its own programs" },
  },
  "new-privileges": {
    noun: () => "new privileges by setuid programs",
    value: () => undefined,
    rank: present,
    why: { widens: "setuid programs give its processes more privileges", narrows: "no program gives its processes more privileges" },
  },
  seccomp: {
    noun: () => "seccomp profile",
    unset: () => "default",
    rank: (value) => (value === "unconfined" ? 2 : value === undefined ? 0 : 1),
    why: { widens: "its processes may make more system calls", narrows: "its processes may make fewer system calls" },
  },
  "seccomp-default": {
    noun: () => "other system calls",
    rank: (value) => (value !== undefined && allows(String(value)) ? 1 : 0),
    why: { widens: "its processes may make every call that no rule names", narrows: "its processes may make only calls that a rule names" },
  },
  "seccomp-architecture": {
    noun: ({ name }) => `system calls of ${name}`,
    value: () => undefined,
    rank: present,
    why: {
      widens: "its processes may also call the kernel in this way",
      narrows: "its processes can no longer call the kernel in this way",
    },
  },
  "system-call-refused": {
    noun: ({ name }) => `refusal of system call ${name}`,
    value: (value, other) => (other === undefined ? undefined : String(value)),
    rank: (value) => -present(value),
    why: { widens: "no rule refuses this system call", narrows: "a rule refuses this system call" },
  },
  "system-call": {
    noun: ({ name }) => `system call ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "its processes may make this system call", narrows: "its processes can no longer make this system call" },
  },
  "masked-path": {
    noun: ({ name, value }) => `${value === "open" ? "sight of" : "hidden path"} ${name}`,
    value: () => undefined,
    rank: closedness,
    why: { widens: "it sees this of the kernel", narrows: "it no longer sees this of the kernel" },
  },
  "readonly-path": {
    noun: ({ name, value }) => `${value === "open" ? "write access to" : "read-only path"} ${name}`,
    value: () => undefined,
    rank: closedness,
    why: { widens: "it may change this of the kernel", narrows: "it can no longer change this of the kernel" },
  },
  propagation: {
    noun: () => "mount propagation",
    unset: () => "the runtime's",
    rank: (value) => (typeof value === "string" && value.includes("shared") ? 1 : 0),
    why: { widens: "its mounts appear on the machine", narrows: "its mounts stay its own" },
  },
  bind: {
    noun: ({ name }) => `bind ${name}`,
    value: (value) => wordsOf(value).join(",") || "rw",
    rank: mountRank,
    why: { widens: "it sees, or may change, files from outside", narrows: "it sees, or may change, fewer files from outside" },
  },
  mount: {
    noun: ({ name }) => `mount ${name}`,
    value: (value) => wordsOf(value).join(",") || undefined,
    rank: mountRank,
    why: { widens: "it has a filesystem more, or may change it", narrows: "it has a filesystem less, or cannot change it" },
  },
  "mount-guard": {
    noun: ({ name }) => name,
    value: () => undefined,
    rank: (value) => -present(value),
    why: { widens: "what is in the mount is less restricted", narrows: "what is in the mount is more restricted" },
  },
  "mount-open": {
    noun: ({ name }) => name,
    value: () => undefined,
    rank: present,
    why: { widens: "what is in the mount is less restricted", narrows: "what is in the mount is more restricted" },
  },
  tmpfs: {
    noun: ({ name }) => `tmpfs ${name}`,
    value: (value) => wordsOf(value).join(",") || undefined,
  },
  device: {
    noun: ({ name }) => `device ${name}`,
    value: (value) => (value === "" ? undefined : String(value)),
    // a mode says who may open it, as that of a file
    rank: (value) => (value === undefined ? 0 : 1 + (Number.parseInt(String(value), 8) & 0o066)),
    why: { widens: "it may open the device", narrows: "it can no longer open the device" },
  },
  "device-rule": {
    noun: ({ name }) => `device rule ${name}`,
    value: () => undefined,
    rank: (value, { name }) => (name.startsWith("deny") ? -present(value) : present(value)),
    why: { widens: "it may open these devices", narrows: "it can no longer open these devices" },
  },
  secret: {
    noun: ({ name }) => `secret ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "it reads this secret", narrows: "it no longer reads this secret" },
  },
  runtime: {
    noun: ({ name }) => `action of the machine ${name}`,
    value: (value) => (value === true ? undefined : wordsOf(value).join(",")),
    rank: present,
    why: { widens: "the machine does this for it as root", narrows: "the machine no longer does this for it" },
  },
  command: { noun: () => "command", value: (value) => (Array.isArray(value) ? value.join(" ") : undefined) },
  environment: { noun: ({ name }) => `environment variable ${name}` },
  setting: { noun: ({ name }) => name },
  after: { noun: ({ name }) => `start after ${name}`, value: () => undefined },
  health: { noun: ({ name }) => `health check${name && " "}${name}` },
  order: { noun: ({ name }) => `order of the ${name}`, value: (value) => (Array.isArray(value) ? value.join(", ") : undefined) },
};

function closedness(value: Json | undefined): number {
  return CLOSED.indexOf(value as string | undefined);
}

function wordsOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** A mount that can be written gives more than one that can be read, and one whose mounts appear on the machine gives the most. */
function mountRank(value: Json | undefined): number {
  if (value === undefined) return 0;
  const words = wordsOf(value);
  return (words.includes("ro") ? 1 : 2) + (words.some((word) => /^r?shared$/.test(word)) ? 2 : 0);
}
