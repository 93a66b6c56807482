import { parseAttestation } from "../../sdk/sbom/attestation.ts";
import { debianPackage, parseApk } from "../../sdk/sbom/databases.ts";
import type { ImageContents } from "../../sdk/sbom/document.ts";

const debian = { id: "debian", version: "12" };
const attested = {
  predicateType: "https://spdx.dev/Document",
  predicate: {
    spdxVersion: "SPDX-2.3",
    packages: [
      {
        SPDXID: "SPDXRef-Package-1",
        name: "express",
        versionInfo: "4.0.0",
        licenseDeclared: "MIT",
        externalRefs: [
          { referenceCategory: "SECURITY", referenceType: "cpe23Type", referenceLocator: "cpe:2.3:a:openjsf:express:4.0.0:*:*:*:*:*:*:*" },
          { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: "pkg:npm/express@4.0.0" },
        ],
      },
      { SPDXID: "SPDXRef-Package-2", name: "", licenseDeclared: "NOASSERTION" },
      {
        SPDXID: "SPDXRef-Package-3",
        name: "musl",
        externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: "pkg:apk/alpine/musl@1.2.5-r0" }],
      },
    ],
  },
};

/** One of each that a document of an OS can have: Debian's packages, a database of Alpine, a builder's attestation. */
export const CONTENTS: readonly ImageContents[] = [
  {
    name: "Debian openssl, curl",
    places: ["containers/services/web/lower", "containers/services/api/lower"],
    attested: [],
    packages: [
      debianPackage({
        ...{ name: "libssl3", version: "3.0.11-1~deb12u2", architecture: "amd64", distribution: debian },
        ...{ source: { name: "openssl", version: "3.0.11-1~deb12u2" }, sha256: "a".repeat(64), expression: "Apache-2.0" },
        ...{ supplier: "Debian OpenSSL Team <pkg-openssl@example.org>", homepage: "https://www.openssl.org/" },
      }),
      debianPackage({
        ...{ name: "libbsd0", version: "0.11.7-2", architecture: "amd64", distribution: debian },
        ...{ source: { name: "libbsd", version: "0.11.7-2" }, expression: "BSD-3-Clause AND LicenseRef-Debian-Beerware" },
      }),
      debianPackage({ name: "dash", version: "0.5.12-2", architecture: "amd64", distribution: debian, homepage: "not a URL" }),
    ],
  },
  {
    name: "docker.io/library/app:1",
    purl: "pkg:oci/app@sha256:0000?repository_url=docker.io/library/app",
    places: [""],
    attested: [parseAttestation(Buffer.from(JSON.stringify(attested)), "an attestation")],
    packages: parseApk("P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\nP:zlib\nV:1.3.1-r2\nA:x86_64\nL:Zlib license, mostly\n\n", {
      id: "alpine",
      version: "3.20.1",
    }),
  },
];
