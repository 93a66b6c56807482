import type { Json } from "../../core/json.ts";
import { compareVersions } from "../../debian/version.ts";
import { present, type Rules } from "../rule.ts";

/** Rules on where programs come from, and on files. */
export const IMAGE_RULES: Rules = {
  image: {
    noun: () => "image",
    rank: (value) => (typeof value === "string" && !value.startsWith("debian ") && !/@sha256:/.test(value) ? 1 : 0),
    why: { widens: "without a digest, what runs can change without a change here", narrows: "nothing here depends on a tag that can move" },
  },
  "image-digest": { noun: () => "digest of the image" },
  "package-named": { noun: ({ name }) => `package ${name}`, value: () => undefined },
  package: packageRule(compareVersions),
  advisory: {
    noun: ({ name }) => `known fault ${name}`,
    rank: present,
    why: { widens: "whoever knows the fault may use it", narrows: "the fault is no longer there" },
  },
  dependencies: {
    noun: () => "dependencies",
    unset: () => "slim",
    rank: present,
    why: { widens: "the image has shells and tools that no service uses", narrows: "the image has only what its programs load" },
  },
  "kept-path": { noun: ({ name }) => `kept path ${name}`, value: () => undefined },
  "left-path": { noun: ({ name }) => `path left out ${name}`, value: () => undefined },
  account: {
    noun: ({ name }) => name,
    value: (value) => JSON.stringify(value),
    rank: (value) => (/"uid":0\b/.test(JSON.stringify(value ?? null)) ? 2 : /"gid":0\b/.test(JSON.stringify(value ?? null)) ? 1 : 0),
    why: { widens: "its number is root's", narrows: "its number is no longer root's" },
  },
  "account-member": {
    noun: ({ name }) => name,
    value: () => undefined,
    rank: present,
    why: { widens: "it may use the files of this group", narrows: "it can no longer use the files of this group" },
  },
  module: {
    noun: ({ name }) => `kernel module ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "more of the kernel can be attacked", narrows: "less of the kernel can be attacked" },
  },
  init: {
    noun: ({ name }) => `init image ${name}`,
    value: () => undefined,
    rank: present,
    why: { widens: "its programs are the machine's own, outside any container", narrows: "its programs are no longer the machine's own" },
  },
  "image-file": { noun: ({ name }) => `file ${name}`, value: (value) => (value === "file" ? undefined : String(value)) },
  "image-contents": { noun: ({ name }) => `contents of ${name}`, isText: true },
  // in a container, a program is what the image is for
  "image-mode": modeRule((mode) => (mode & 0o6000 ? 4 : 0) + (mode & 0o002 ? 2 : 0)),
  file: { noun: ({ name }) => name, value: (value) => (value === "file" ? undefined : String(value)) },
  contents: { noun: ({ name }) => `contents of ${name}`, isText: true },
  // cut where a line would lose the size
  digest: { noun: ({ name }) => `contents of ${name}`, value: (value) => String(value).replace(/^(sha256:.{12})[0-9a-f]+/, "$1…") },
  mode: modeRule(
    (mode) => (mode & 0o6000 ? 16 : 0) + (mode & 0o002 ? 8 : 0) + (mode & 0o111 ? 4 : 0) + (mode & 0o020 ? 2 : 0) + (mode & 0o044 ? 1 : 0),
  ),
  owner: { noun: ({ name }) => `owner of ${name}`, unset: () => "0:0" },
};

function modeRule(rank: (mode: number) => number): Rules[string] {
  return {
    noun: ({ name }) => `mode of ${name}`,
    rank: (value: Json | undefined) => (typeof value === "string" ? rank(Number.parseInt(value, 8)) : 0),
    why: { widens: "more may read, change or run it, or gain privileges by it", narrows: "fewer may read, change or run it" },
  };
}

/** The rule of a package whose versions have this order. */
export function packageRule(order: (a: string, b: string) => number): Rules[string] {
  return {
    noun: ({ name }) => `package ${name}`,
    compare: (before, after) => order(String(before), String(after)),
    verb: (before, after) => (order(String(before), String(after)) > 0 ? "downgraded" : "upgraded"),
    why: { widens: "the faults that were mended since come back", narrows: "it is newer" },
  };
}
