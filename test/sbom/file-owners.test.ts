import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileOwners } from "../../sdk/sbom/file-owners.ts";

describe("which package a file comes from", () => {
  test("agrees with dpkg on this computer", () => {
    const owners = fileOwners();
    const paths = new Map<string, string>();
    for (const name of ["base-files", "coreutils", "dpkg"]) {
      const list = `var/lib/dpkg/info/${name}.list`;
      assert.ok(owners.wants(list));
      owners.add(list, readFileSync(`/${list}`, "utf8"));
      for (const path of execFileSync("dpkg", ["-L", name], { encoding: "utf8" }).split("\n"))
        if (/^\/.*bin\/./.test(path)) paths.set(path, name);
    }
    assert.ok(paths.size > 50);
    for (const [path, name] of paths) assert.equal(owners.ownerOf(path.slice(1)), name, path);
  });

  for (const [name, list, text, path, want] of [
    ["a package of two architectures", "var/lib/dpkg/info/libc6:amd64.list", "/lib/x\n", "lib/x", "libc6"],
    ["a merged /usr", "var/lib/dpkg/info/bash.list", "/bin/bash\n", "usr/bin/bash", "bash"],
    [
      "the sums of a distroless image",
      "var/lib/dpkg/status.d/tzdata.md5sums",
      `${"0".repeat(32)}  usr/share/zone\n`,
      "usr/share/zone",
      "tzdata",
    ],
    ["Alpine's database", "lib/apk/db/installed", "P:musl\nV:1\nF:lib\nR:libc.so\n\nP:b\nF:\nR:top\n", "lib/libc.so", "musl"],
    ["a file at the root in Alpine's database", "lib/apk/db/installed", "P:b\nF:\nR:top\n", "top", "b"],
    ["a file of no package", "var/lib/dpkg/info/bash.list", "/bin/bash\n", "opt/x", undefined],
  ] as const) {
    test(name, () => {
      const owners = fileOwners();
      assert.ok(owners.wants(list));
      owners.add(list, text);
      assert.equal(owners.ownerOf(path), want);
    });
  }

  for (const path of ["var/lib/dpkg/info/bash.postinst", "var/lib/dpkg/status", "etc/x.list"])
    test(`${path} does not say`, () => assert.equal(fileOwners().wants(path), false));
});
