import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debianPackage, parseApk, parseDpkg } from "../../sdk/sbom/databases.ts";
import { packageUrl, parseOsRelease } from "../../sdk/sbom/package.ts";

const ALPINE = { id: "alpine", version: "3.20.1" };
const DEBIAN = { id: "debian", version: "12" };

test("parseApk reads the packages of Alpine's database", () => {
  const text =
    "C:Q1abc=\nP:busybox\nV:1.36.1-r29\nA:x86_64\nL:GPL-2.0-only\nm:Ada <ada@example.org>\nU:https://busybox.net/\nF:bin\nR:busybox\n\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n\nP:broken\n";
  assert.deepEqual(
    parseApk(text, ALPINE).map(({ name, version, purl, license }) => [name, version, purl, license]),
    [
      ["busybox", "1.36.1-r29", "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.1", "GPL-2.0-only"],
      ["musl", "1.2.5-r0", "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1", undefined],
    ],
  );
});

test("parseDpkg reads the installed packages of dpkg's database", () => {
  const text = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u9
Homepage: https://www.gnu.org/software/libc/libc.html
Description: GNU C Library
 Version: is no field here

Package: gone
Status: deinstall ok config-files
Version: 1

Package: tzdata
Architecture: all
Version: 1:2024a-0
`;
  assert.deepEqual(
    parseDpkg(text, DEBIAN).map(({ purl }) => purl),
    ["pkg:deb/debian/libc6@2.36-9%2Bdeb12u9?arch=amd64&distro=debian-12", "pkg:deb/debian/tzdata@1:2024a-0?arch=all&distro=debian-12"],
  );
});

test("a Debian package has a package URL and the sha256 of its file", () => {
  const sha256 = "a".repeat(64);
  assert.deepEqual(debianPackage({ name: "nginx-light", version: "1.22.1-9", architecture: "amd64", distribution: DEBIAN, sha256 }), {
    name: "nginx-light",
    version: "1.22.1-9",
    sha256,
    purl: "pkg:deb/debian/nginx-light@1.22.1-9?arch=amd64&distro=debian-12",
  });
});

test("a Debian package names its source, also with another version, and the NVD's name of it", () => {
  const of = (source: { name: string; version: string }) =>
    debianPackage({ name: "libssl3", version: "1:3.0.11-1+b2", architecture: "amd64", distribution: DEBIAN, source });
  const same = of({ name: "openssl", version: "1:3.0.11-1+b2" });
  assert.equal(same.purl, "pkg:deb/debian/libssl3@1:3.0.11-1%2Bb2?arch=amd64&distro=debian-12&upstream=openssl");
  const { purl, cpe, source } = of({ name: "openssl", version: "1:3.0.11-1" });
  assert.equal(purl, "pkg:deb/debian/libssl3@1:3.0.11-1%2Bb2?arch=amd64&distro=debian-12&upstream=openssl%401:3.0.11-1");
  assert.equal(cpe, "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*");
  assert.equal(source?.purl, "pkg:deb/debian/openssl@1:3.0.11-1?arch=source&distro=debian-12");
  assert.equal(of({ name: "unheard-of", version: "1" }).cpe, undefined);
});

describe("packageUrl builds", () => {
  for (const row of [
    { args: ["deb", "debian", "g++", "4:12.2"], want: "pkg:deb/debian/g%2B%2B@4:12.2" },
    {
      args: ["oci", "", "nginx", "sha256:ab", { repository_url: "docker.io/library/nginx", tag: "" }],
      want: "pkg:oci/nginx@sha256:ab?repository_url=docker.io%2Flibrary%2Fnginx",
    },
    { args: ["apk", "alpine", "a b", "1~2(x)", { z: "1", a: "é" }], want: "pkg:apk/alpine/a%20b@1~2%28x%29?a=%C3%A9&z=1" },
  ] as const) {
    test(row.want, () => assert.equal(packageUrl(...(row.args as unknown as Parameters<typeof packageUrl>)), row.want));
  }
});

describe("parseOsRelease reads", () => {
  for (const row of [
    { text: 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.1\n', want: ALPINE },
    { text: 'VERSION_ID="12"\nID=debian\n', want: DEBIAN },
    { text: "ID='Ubuntu'\n", want: { id: "ubuntu", version: "" } },
    { text: "", want: { id: "none", version: "" } },
  ]) {
    test(JSON.stringify(row.text), () => assert.deepEqual(parseOsRelease(row.text, "none"), row.want));
  }
});
