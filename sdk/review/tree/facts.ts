import type { Step } from "../../core/property-path.ts";
import type { Advisories } from "../../advisory/advisory.ts";
import { installedOf } from "../../sbom/installed.ts";
import type { SoftwarePackage } from "../../sbom/package.ts";
import { type Fact, partFacts } from "../fact.ts";
import { addAdvisories } from "../facts/advisories.ts";
import type { TreeRecord } from "./record.ts";

/** The facts of one path of a tree. Times are none: a rebuild changes them, and nothing else. */
export function recordFacts(part: readonly Step[], path: string, record: TreeRecord): readonly Fact[] {
  const facts = partFacts(part);
  const name = `/${path}`;
  const at = ["files", name];
  const { kind, mode, uid, gid, size, sha256, xattrs } = record;
  facts.add(kind.includes(" device ") ? "tree-device" : "tree-file", name, at, kind);
  facts.add("tree-contents", name, [...at, "contents"], kind === "file" ? `${size} bytes, sha256:${sha256}` : undefined);
  // on Linux a symbolic link has no mode of its own (symlink(7))
  const octal = mode.toString(8).padStart(4, "0");
  facts.add(kind === "directory" ? "folder-mode" : "image-mode", name, [...at, "mode"], kind.startsWith("link to ") ? undefined : octal);
  facts.add("owner", name, [...at, "owner"], uid === 0 && gid === 0 ? undefined : `${uid}:${gid}`);
  for (const text of xattrs) {
    const [attribute = ""] = text.split("=", 1);
    facts.add("attribute", `${attribute} of ${name}`, [...at, "attributes", attribute], text.slice(attribute.length + 1));
  }
  return facts.list;
}

/** The facts of the packages that a tree's databases list. */
export function packageFacts(
  part: readonly Step[],
  packages: readonly SoftwarePackage[],
  advisories: Advisories = new Map(),
): readonly Fact[] {
  const facts = partFacts(part);
  const names = new Set<string>();
  for (const { name, version, purl } of packages) {
    // dpkg has a package once for each architecture that is installed
    const own = names.has(name) ? `${name}:${/[?&]arch=([^&]*)/.exec(purl)?.[1] ?? ""}` : name;
    names.add(name);
    facts.add(purl.startsWith("pkg:apk/") ? "package-apk" : "package", own, ["installed", own], version);
  }
  addAdvisories(facts, [], installedOf(packages), advisories);
  return facts.list;
}
