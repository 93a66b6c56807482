import { parseParagraph, splitParagraphs } from "./control.ts";

/**
 * The licenses in a package's copyright file as one SPDX expression; undefined if the file is not in Debian's machine-readable
 * format. A name that SPDX does not have becomes `LicenseRef-Debian-NAME`.
 *
 * Source: Machine-readable debian/copyright file, version 1.0 (fields `Format`, `Files` and `License`, and section 7.2 for
 * the names and their syntax); SPDX 2.3, annex D (expressions).
 */
export function licenseOf(copyright: string): string | undefined {
  const [header, ...paragraphs] = splitParagraphs(copyright).map(parseParagraph);
  if (!/copyright-format\/1\.0/.test(header?.get("format") ?? "")) return undefined;
  const found = new Set<string>();
  for (const paragraph of paragraphs) {
    const [name = ""] = paragraph.has("files") ? (paragraph.get("license") ?? "").split("\n") : [];
    if (name.trim() !== "") found.add(expressionOf(name.trim()));
  }
  if (found.size === 0) return undefined;
  return found.size === 1 ? ([...found][0] as string) : [...found].sort().map(bracketed).join(" AND ");
}

/** `GPL-2+ or Artistic` as SPDX spells it. "or" binds less than "and"; a comma before them binds least (section 7.2). */
function expressionOf(text: string): string {
  const [comma, joint] = [/\s*,\s*(and|or)\s+/i.exec(text), /\s+(or|\|)\s+/i.exec(text) ?? /\s+(and|&)\s+/i.exec(text)];
  const split = comma ?? joint;
  if (!split) return withException(text);
  const sign = /or|\|/i.test(split[1] as string) ? "OR" : "AND";
  const parts = [text.slice(0, split.index), text.slice(split.index + split[0].length)].map(expressionOf);
  return parts.map((part) => (sign === "AND" ? bracketed(part) : part)).join(` ${sign} `);
}

function bracketed(expression: string): string {
  return / OR | AND /.test(expression) && !/^\([^()]*\)$/.test(expression) ? `(${expression})` : expression;
}

/** SPDX's names of exceptions (SPDX License List, exceptions), by the word before "exception". */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "linux-syscall-note": "Linux-syscall-note",
  bison: "Bison-exception-2.2",
  libtool: "Libtool-exception",
  llvm: "LLVM-exception",
};

function withException(text: string): string {
  const match = /^(\S+)\s+with\s+(\S+)[\s-]+exception$/i.exec(text);
  if (!match) return spdxName(text);
  const [license, word] = [spdxName(match[1] as string), (match[2] as string).toLowerCase()];
  const exception = word === "autoconf" && /^GPL-[23]\.0/.test(license) ? `Autoconf-exception-${license.slice(4, 7)}` : EXCEPTIONS[word];
  return exception === undefined || license.startsWith("LicenseRef-") ? reference(text) : `${license} WITH ${exception}`;
}

/** SPDX's names for those of Debian that differ from them, in lower case. */
const NAMES: Readonly<Record<string, string>> = {
  expat: "MIT",
  apache: "Apache-2.0",
  "apache-2": "Apache-2.0",
  perl: "Artistic-1.0-Perl OR GPL-1.0-or-later",
  artistic: "Artistic-1.0-Perl",
  "artistic-1": "Artistic-1.0",
  "artistic-2": "Artistic-2.0",
  cc0: "CC0-1.0",
  "openldap-2.8": "OLDAP-2.8",
  "mpl-2": "MPL-2.0",
  bsl: "BSL-1.0",
};

/** Names that SPDX has as Debian spells them, but for capitals. */
const SAME = [
  ..."MIT X11 ISC Zlib Libpng FTL curl NTP Jam Beerware WTFPL FSFAP FSFUL FSFULLR SGI-B-2.0 HPND MIT-0 0BSD Unlicense".split(" "),
  ..."Apache-1.0 Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0 BSL-1.0 MPL-1.0 MPL-1.1 MPL-2.0 AFL-2.1 OFL-1.1 CC0-1.0".split(" "),
  ..."BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause BSD-4-Clause-UC BSD-2-Clause-Patent 0BSD OLDAP-2.8 bzip2-1.0.6".split(" "),
  ..."CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 PSF-2.0 Unicode-DFS-2016 Vim W3C OpenSSL PostgreSQL PHP-3.01 Ruby TCL".split(" "),
];
const SPELLINGS = new Map(SAME.map((name) => [name.toLowerCase(), name]));

function spdxName(name: string): string {
  const lower = name.toLowerCase();
  const known = NAMES[lower] ?? SPELLINGS.get(lower);
  if (known !== undefined) return known;
  // GNU licenses have a version, and "+" for later ones
  const gnu = /^(agpl|lgpl|gpl|gfdl(?:-niv)?)-?v?([123])(?:\.(\d))?(?:\.0)?(\+|-or-later|-only)?$/.exec(lower);
  if (!gnu) return reference(name);
  const [, family = "", major, minor = "0", later = ""] = gnu;
  const invariants = family === "gfdl-niv" ? "-no-invariants" : "";
  return `${family.replace("-niv", "").toUpperCase()}-${major}.${minor}${invariants}-${/\+|later/.test(later) ? "or-later" : "only"}`;
}

/** SPDX 2.3, 10.1: letters, digits, `.` and `-`. */
function reference(name: string): string {
  return `LicenseRef-Debian-${name.replace(/[^A-Za-z0-9.]+/g, "-").replace(/^-+|-+$/g, "")}`;
}
