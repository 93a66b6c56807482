import { z } from "zod";
import type { Advisory, AffectedRange } from "./advisory.ts";

const event = z.looseObject({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});

/** An advisory in the OSV schema, version 1 (ossf.github.io/osv-schema). */
export const osvSchema = z.looseObject({
  id: z.string().min(1),
  withdrawn: z.string().nullish(),
  summary: z.string().nullish(),
  aliases: z.array(z.string()).nullish(),
  upstream: z.array(z.string()).nullish(),
  affected: z.array(
    z.looseObject({
      package: z.looseObject({ ecosystem: z.string(), name: z.string() }).optional(),
      ranges: z.array(z.looseObject({ type: z.string(), events: z.array(event) })).nullish(),
      versions: z.array(z.string()).nullish(),
    }),
  ),
});

/** The advisories of packages of distributions in an OSV document; none of one that was withdrawn. */
export function osvAdvisories({ id, withdrawn, summary, aliases, upstream, affected }: z.output<typeof osvSchema>): Advisory[] {
  if (withdrawn) return [];
  return affected.flatMap(({ package: named, ranges, versions }): Advisory[] => {
    if (!named) return [];
    // "Debian:12", "Alpine:v3.20" (OSV schema, "Defined ecosystems")
    const [distribution = "", release = ""] = named.ecosystem.toLowerCase().split(":");
    return [
      {
        id,
        aliases: [...(aliases ?? []), ...(upstream ?? [])],
        distribution,
        release: release.replace(/^v/, ""),
        package: named.name,
        ranges: (ranges ?? []).filter(({ type }) => type === "ECOSYSTEM").flatMap(({ events }) => rangesOf(events)),
        versions: versions ?? [],
        ...(summary && { summary }),
      },
    ];
  });
}

/** Events are in the order of versions: each that introduces the fault begins a range, and the next one ends it. */
function rangesOf(events: readonly z.output<typeof event>[]): AffectedRange[] {
  const ranges: AffectedRange[] = [];
  for (const { introduced, fixed, last_affected: lastAffected } of events) {
    if (introduced !== undefined) ranges.push({ introduced });
    const open = ranges.at(-1);
    if (!open || (fixed === undefined && lastAffected === undefined)) continue;
    ranges[ranges.length - 1] = { ...open, ...(fixed === undefined ? { lastAffected } : { fixed }) };
  }
  return ranges;
}
