import assert from "node:assert/strict";
import { test } from "node:test";
import { licenseOf } from "../../sdk/debian/copyright.ts";

const file = (...licenses: string[]): string =>
  [
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    ...licenses.map((name) => `Files: *\nCopyright: x\nLicense: ${name}`),
  ].join("\n\n");

for (const [licenses, expression] of [
  [["GPL-2+"], "GPL-2.0-or-later"],
  [["GPL-2"], "GPL-2.0-only"],
  [["LGPL-2.1+"], "LGPL-2.1-or-later"],
  [["GPLv3+"], "GPL-3.0-or-later"],
  [["GFDL-NIV-1.3+"], "GFDL-1.3-no-invariants-or-later"],
  [["Expat\n Permission is granted"], "MIT"],
  [["BSD-3-clause", "Expat", "BSD-3-clause"], "BSD-3-Clause AND MIT"],
  [["GPL-1+ or Artistic"], "GPL-1.0-or-later OR Artistic-1.0-Perl"],
  [["GPL-1+ or Artistic", "Zlib"], "(GPL-1.0-or-later OR Artistic-1.0-Perl) AND Zlib"],
  [["GPL-2+ or MIT and ISC"], "GPL-2.0-or-later OR MIT AND ISC"],
  [["GPL-2+ or MIT, and ISC"], "(GPL-2.0-or-later OR MIT) AND ISC"],
  [["GPL-3+ with Bison exception"], "GPL-3.0-or-later WITH Bison-exception-2.2"],
  [["GPL-2+ with OpenSSL exception"], "LicenseRef-Debian-GPL-2-with-OpenSSL-exception"],
  [["public-domain"], "LicenseRef-Debian-public-domain"],
  [["curl"], "curl"],
] as const) {
  test(licenses.join(" | "), () => assert.equal(licenseOf(file(...licenses)), expression));
}

test("a file that is not for machines says nothing", () => {
  for (const text of ["", "This package is GPL.", "Format: x\n\nFiles: *\nLicense: MIT", file()]) assert.equal(licenseOf(text), undefined);
});
