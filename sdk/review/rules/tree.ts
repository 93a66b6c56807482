import { compareApkVersions } from "../../sbom/apk-version.ts";
import { present, type Rules } from "../rule.ts";
import { packageRule } from "./image.ts";

/** Rules on the files of an image, as its layers have them. */
export const TREE_RULES: Rules = {
  "tree-file": {
    noun: ({ name, value }) => `${String(value).split(" ")[0]} ${name}`,
    value: (value, other) => (other === undefined && !String(value).includes(" ") ? undefined : String(value)),
  },
  "tree-contents": {
    noun: ({ name }) => `contents of ${name}`,
    // twelve digits tell two contents apart; the change has them all
    value: (value) => String(value).replace(/(?<=sha256:[0-9a-f]{12})[0-9a-f]+/, "…"),
  },
  "tree-device": {
    noun: ({ name }) => `device ${name}`,
    rank: present,
    why: { widens: "whoever may open it reaches the device", narrows: "it no longer leads to the device" },
  },
  "folder-mode": {
    noun: ({ name }) => `mode of ${name}`,
    // with the sticky bit, everyone may add files and only their owners remove them (chmod(2), S_ISVTX)
    rank: (value) => (typeof value === "string" && (Number.parseInt(value, 8) & 0o1002) === 0o0002 ? 1 : 0),
    why: { widens: "everyone may replace what is in it", narrows: "no longer may everyone replace what is in it" },
  },
  "image-user": {
    noun: () => "user",
    unset: () => "root",
    // without a user, containers run as root (image-spec, config.md, "User")
    rank: (value) => (value === undefined || /^(?:0|root)(?::|$)/.test(String(value)) ? 1 : 0),
    why: { widens: "its processes are root", narrows: "its processes are no longer root" },
  },
  attribute: {
    noun: ({ name }) => `attribute ${name}`,
    value: () => undefined,
    // the capabilities of a file are gained by whoever runs it (capabilities(7), "File capabilities")
    rank: (value, { name }) => (value !== undefined && name.startsWith("security.capability ") ? 1 : 0),
    why: { widens: "whoever runs it gains these capabilities", narrows: "whoever runs it no longer gains these capabilities" },
  },
  "package-apk": packageRule(compareApkVersions),
};
