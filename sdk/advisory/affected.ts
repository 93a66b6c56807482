import { compareVersions } from "../debian/version.ts";
import { compareApkVersions } from "../sbom/apk-version.ts";
import type { Installed } from "../sbom/installed.ts";
import { type Advisories, type Advisory, advisoriesFor, type AffectedRange } from "./advisory.ts";

/** A fault that an installed package has. */
export interface Vulnerability {
  readonly advisory: Advisory;
  readonly installed: Installed;
  /** The version of the source package that mends it. @default none yet */
  readonly fixed?: string;
}

/** The faults of installed packages, by the order of versions of each distribution. */
export function vulnerabilitiesOf(installed: readonly Installed[], advisories: Advisories): readonly Vulnerability[] {
  return installed.flatMap((one) =>
    advisoriesFor(one, advisories).flatMap((advisory): Vulnerability[] => {
      const order = one.distribution === "alpine" ? compareApkVersions : compareVersions;
      const found = rangeWith(advisory, one.source.version, order);
      if (!found) return [];
      return [{ advisory, installed: one, ...(found.fixed !== undefined && { fixed: found.fixed }) }];
    }),
  );
}

type Order = (a: string, b: string) => number;

/** The range that a version is in (OSV schema, "Evaluation"). */
function rangeWith({ ranges, versions }: Advisory, version: string, order: Order): AffectedRange | undefined {
  const found = ranges.find(
    ({ introduced, fixed, lastAffected }) =>
      (introduced === "0" || order(version, introduced) >= 0) &&
      (fixed === undefined || order(version, fixed) < 0) &&
      (lastAffected === undefined || order(version, lastAffected) <= 0),
  );
  return found ?? (versions.includes(version) ? { introduced: version } : undefined);
}
