import { LinuxKitError } from "../core/errors.ts";
import { aboutDeb } from "./about-deb.ts";
import { type Paragraph, parseParagraph } from "./control.ts";

/** The suites that packages come from, oldest first, with their archives. */
export const SUITES = [
  { suite: "bookworm", archive: "debian" },
  { suite: "bookworm-updates", archive: "debian" },
  { suite: "bookworm-security", archive: "security" },
] as const;

/** A version of a package in an index. Dependencies are kept as text, because few of the 63 000 packages are used. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The name of its source package. */
  readonly source: string;
  /** The version of its source package. */
  readonly sourceVersion: string;
  /** `Pre-Depends` and `Depends`, joined. */
  readonly depends: string;
  readonly provides: string;
  /** Path of the .deb below the archive's base URL. */
  readonly filename: string;
  /** Bytes of the .deb. */
  readonly size: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly archive: "debian" | "security";
}

/** The fields of a Packages paragraph that {@link parseRecord} reads, in the order in which an index keeps them. */
export const KEPT_FIELDS = [
  "Package",
  "Source",
  "Version",
  "Architecture",
  "Provides",
  "Pre-Depends",
  "Depends",
  "Filename",
  "Size",
  "SHA256",
] as const;

/**
 * Parses a paragraph of a Packages file.
 *
 * @throws CORRUPT if a field that pins the package is missing or invalid
 */
export function parseRecord(text: string, archive: "debian" | "security"): PackageRecord {
  const fields = parseParagraph(text);
  const about = aboutDeb(fields);
  const record: PackageRecord = {
    name: wanted(fields, "package", /^[a-z0-9][a-z0-9+.-]*$/),
    version: wanted(fields, "version", /^[0-9A-Za-z.+:~-]+$/),
    architecture: wanted(fields, "architecture", /^[a-z0-9-]+$/),
    source: about.source,
    sourceVersion: about.sourceVersion,
    depends: [fields.get("pre-depends"), fields.get("depends")].filter((field) => field !== undefined).join(", "),
    provides: fields.get("provides") ?? "",
    filename: wanted(fields, "filename", /^(?!\/)(?!.*(^|\/)\.\.(\/|$))\S+$/),
    size: Number(wanted(fields, "size", /^\d{1,15}$/)),
    sha256: wanted(fields, "sha256", /^[0-9a-f]{64}$/),
    archive,
  };
  return record;
}

function wanted(fields: Paragraph, name: string, pattern: RegExp): string {
  const value = fields.get(name);
  if (value === undefined || !pattern.test(value)) {
    const path = `Packages: ${fields.get("package") ?? "a paragraph"}`;
    throw new LinuxKitError(
      "CORRUPT",
      `${path}: ${name}: ${value === undefined ? "missing" : `got ${JSON.stringify(value)}`}, wanted text that matches ${pattern}`,
      { path },
    );
  }
  return value;
}
