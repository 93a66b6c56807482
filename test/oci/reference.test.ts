import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expandReference, parseReference } from "../../sdk/oci/reference.ts";

const HEX = "a".repeat(64);

describe("expandReference expands as LinuxKit does:", () => {
  const rows: [string, string][] = [
    ["alpine", "docker.io/library/alpine"],
    ["alpine:3.20", "docker.io/library/alpine:3.20"],
    ["linuxkit/init:abc", "docker.io/linuxkit/init:abc"],
    ["docker.io/alpine", "docker.io/alpine"],
    ["localhost/x", "localhost/x"],
    ["localhost:5000/x", "localhost:5000/x"],
    ["ghcr.io/o/x:1", "ghcr.io/o/x:1"],
    ["a/b/c", "a/b/c"],
    [`alpine@sha256:${HEX}`, `docker.io/library/alpine@sha256:${HEX}`],
  ];
  for (const [reference, want] of rows) test(reference, () => assert.equal(expandReference(reference), want));
});

describe("parseReference reads", () => {
  const rows: [string, object][] = [
    ["nginx", { kind: "registry", text: "docker.io/library/nginx", registry: "docker.io", repository: "library/nginx", tag: "latest" }],
    ["docker.io/nginx:1", { kind: "registry", text: "docker.io/nginx:1", registry: "docker.io", repository: "library/nginx", tag: "1" }],
    ["index.docker.io/o/x", { kind: "registry", text: "index.docker.io/o/x", registry: "docker.io", repository: "o/x", tag: "latest" }],
    ["a/b/c:1", { kind: "registry", text: "a/b/c:1", registry: "docker.io", repository: "a/b/c", tag: "1" }],
    [
      "127.0.0.1:5000/conf/x:1",
      { kind: "registry", text: "127.0.0.1:5000/conf/x:1", registry: "127.0.0.1:5000", repository: "conf/x", tag: "1" },
    ],
    ["[::1]:5000/x", { kind: "registry", text: "[::1]:5000/x", registry: "[::1]:5000", repository: "x", tag: "latest" }],
    [
      `o/x@sha256:${HEX}`,
      { kind: "registry", text: `docker.io/o/x@sha256:${HEX}`, registry: "docker.io", repository: "o/x", digest: `sha256:${HEX}` },
    ],
    [
      `o/x:1@sha256:${HEX}`,
      {
        kind: "registry",
        text: `docker.io/o/x:1@sha256:${HEX}`,
        registry: "docker.io",
        repository: "o/x",
        tag: "1",
        digest: `sha256:${HEX}`,
      },
    ],
    [
      "o/a__b--c.d:v1_2",
      { kind: "registry", text: "docker.io/o/a__b--c.d:v1_2", registry: "docker.io", repository: "o/a__b--c.d", tag: "v1_2" },
    ],
    [
      "oci:./images:docker.io/conf/tool:1",
      { kind: "layout", text: "oci:./images:docker.io/conf/tool:1", directory: "./images", tag: "docker.io/conf/tool:1" },
    ],
    ["oci:/srv/x", { kind: "layout", text: "oci:/srv/x", directory: "/srv/x" }],
    ["docker-archive:x.tar", { kind: "archive", text: "docker-archive:x.tar", file: "x.tar" }],
    ["docker-archive:x.tar:o/x:1", { kind: "archive", text: "docker-archive:x.tar:o/x:1", file: "x.tar", tag: "o/x:1" }],
  ];
  for (const [reference, want] of rows) test(reference, () => assert.deepEqual(parseReference(reference), want));
});

describe("parseReference refuses", () => {
  const rows: [string, RegExp][] = [
    ["", /it is empty; wanted a name such as nginx:1\.27/],
    ["Nginx", /"Nginx" must be lower case: nginx/],
    ["nginx:", /tag "": wanted 1 to 128/],
    ["nginx:-x", /tag "-x"/],
    [`nginx:${"a".repeat(129)}`, /tag "a+"/],
    ["nginx@sha256:abc", /digest "sha256:abc": wanted sha256: and 64/],
    ["nginx@md5:abc", /digest "md5:abc"/],
    [`nginx@sha256:${HEX}@sha256:${HEX}`, /it contains more than one "@"/],
    ["https://ghcr.io/x", /it is a URL; leave out the scheme/],
    ["oci-archive:/srv/x.tar", /transport "oci-archive": wanted oci:DIR:TAG for an OCI layout, or docker-archive:FILE for/],
    ["dir:./x", /transport "dir": wanted oci:DIR:TAG/],
    ["./image", /it is a path; wanted oci:DIR:TAG for an OCI layout, or docker-archive:FILE for what docker save wrote/],
    ["../image:1", /it is a path; wanted oci:DIR:TAG/],
    ["/srv/image.tar", /it is a path; wanted oci:DIR:TAG/],
    ["~/image", /it is a path; wanted oci:DIR:TAG/],
    ["a b", /white space/],
    ["o//x", /a part between slashes is empty/],
    ["o/x/", /a part between slashes is empty/],
    ["ghcr.io/../x", /"\.\.": wanted lower-case letters/],
    ["ghcr.io/o/-x", /"-x"/],
    ["-bad.example/x", /registry "-bad\.example"/],
    [`o/${"a".repeat(260)}`, /longer than 255/],
    ["oci:", /the folder is missing; wanted oci:DIR:TAG/],
    ["oci:dir:", /the tag after the colon is empty/],
    ["docker-archive:", /the file is missing; wanted docker-archive:FILE/],
  ];
  for (const [reference, message] of rows) {
    test(JSON.stringify(reference), () => assert.throws(() => parseReference(reference), { code: "REFERENCE_INVALID", message }));
  }
});
