import { z } from "zod";
import type { Advisory } from "./advisory.ts";

/** The number of each release that Debian's security tracker names (Debian Developer's Reference; distro-info-data). */
const RELEASES: Readonly<Record<string, string>> = { buster: "10", bullseye: "11", bookworm: "12", trixie: "13", forky: "14" };

const entry = z.looseObject({
  description: z.string().nullish(),
  releases: z.record(z.string(), z.looseObject({ status: z.string(), fixed_version: z.string().nullish() })),
});

/** The JSON of Debian's security tracker: source packages, their CVE names, and the state in each release. */
export const trackerSchema = z.record(z.string(), z.record(z.string(), entry));

/**
 * The advisories in the JSON of Debian's security tracker. `resolved` names the version that mends it, or `0` if the release
 * never had it; `open` is not mended yet; `undetermined` says nothing (security-tracker.debian.org/tracker, "JSON").
 */
export function trackerAdvisories(tracker: z.output<typeof trackerSchema>): Advisory[] {
  return Object.entries(tracker).flatMap(([source, faults]) =>
    Object.entries(faults).flatMap(([id, { description, releases }]) =>
      Object.entries(releases).flatMap(([name, { status, fixed_version: fixed }]): Advisory[] => {
        const release = RELEASES[name];
        const isMended = status === "resolved" && typeof fixed === "string" && fixed !== "0";
        if (release === undefined || (!isMended && status !== "open")) return [];
        return [
          {
            id,
            aliases: [],
            distribution: "debian",
            release,
            package: source,
            ranges: [{ introduced: "0", ...(isMended && { fixed }) }],
            versions: [],
            ...(description && { summary: description }),
          },
        ];
      }),
    ),
  );
}
