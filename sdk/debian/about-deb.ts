import type { Paragraph } from "./control.ts";

/** What a package says of its origin. */
export interface AboutDeb {
  /** The name of its source package, under which Debian keeps advisories. */
  readonly source: string;
  /** The version of its source package. */
  readonly sourceVersion: string;
  readonly maintainer?: string;
  readonly homepage?: string;
  /** Its licenses as an SPDX expression, if its copyright file has them in the machine-readable format. */
  readonly license?: string;
}

/**
 * Reads a package's control fields. `Source` is left out where it equals the package's name, and has a version in brackets
 * where that differs from the package's (deb-control(5)).
 */
export function aboutDeb(fields: Paragraph, license?: string): AboutDeb {
  const [, source, version] = /^(\S+)(?:\s*\(([^)]*)\))?/.exec(fields.get("source") ?? "") ?? [];
  const [maintainer, homepage] = [fields.get("maintainer"), fields.get("homepage")];
  return {
    source: source ?? fields.get("package") ?? "",
    sourceVersion: version ?? fields.get("version") ?? "",
    ...(maintainer !== undefined && { maintainer }),
    ...(homepage !== undefined && { homepage }),
    ...(license !== undefined && { license }),
  };
}
