import type { ImageSource } from "../../definition/debian-image.ts";
import { plainPath } from "../../definition/file.ts";
import type { Step } from "../../core/property-path.ts";
import type { PartFacts } from "../fact.ts";

/** The facts of an image by its source: the reference, or what a Debian image is made of. */
export function addImage(facts: PartFacts, source: ImageSource | undefined, steps: readonly Step[] = ["image"]): void {
  if (source === undefined) return;
  if (typeof source === "string") return facts.add("image", "", steps, source);
  const {
    role,
    packages,
    dependencies,
    keep,
    leaveOut = [],
    users,
    groups,
    files,
    program,
    flavour,
    modules = [],
    runtime,
  } = source.debian;
  facts.add("image", "", steps, `debian ${role}`);
  for (const name of new Set(packages)) facts.add("package-named", name, [...steps, "packages", name], true);
  facts.add("dependencies", "", [...steps, "dependencies"], dependencies === "slim" ? undefined : dependencies);
  for (const path of new Set(keep)) facts.add("kept-path", path, [...steps, "keep", path], true);
  for (const path of new Set(leaveOut)) facts.add("left-path", path, [...steps, "leaveOut", path], true);
  for (const { name, ...user } of users) facts.add("account", `user ${name}`, [...steps, "users", name], user);
  for (const { name, members = [], ...group } of groups) {
    facts.add("account", `group ${name}`, [...steps, "groups", name], group);
    for (const user of new Set(members))
      facts.add("account-member", `${user} in group ${name}`, [...steps, "groups", name, "members", user], true);
  }
  for (const { path, contents, source, sha256, size, directory, symlink, mode, uid = 0, gid = 0 } of files) {
    const at = [...steps, "files", plainPath(path)];
    const name = `/${plainPath(path)}`;
    facts.add("image-file", name, at, directory ? "directory" : symlink !== undefined ? `link to ${symlink}` : "file");
    facts.add("image-contents", name, [...at, "contents"], contents);
    facts.add("setting", `source of ${name}`, [...at, "source"], source);
    facts.add("digest", name, [...at, "sha256"], sha256 && `sha256:${sha256}, ${size} bytes`);
    facts.add("image-mode", name, [...at, "mode"], mode ?? (directory ? "0755" : symlink === undefined ? "0644" : undefined));
    facts.add("owner", name, [...at, "owner"], uid === 0 && gid === 0 ? undefined : `${uid}:${gid}`);
  }
  facts.add("setting", "program", [...steps, "program"], program);
  facts.add("setting", "kernel flavour", [...steps, "flavour"], flavour);
  for (const name of new Set(modules)) facts.add("module", name, [...steps, "modules", name], true);
  facts.add("setting", "container runtime", [...steps, "runtime"], runtime);
}
