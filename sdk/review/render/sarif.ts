import { oneLine } from "../../core/one-line.ts";
import { printable } from "../../core/printable.ts";
import { type Direction, DIRECTIONS } from "../change.ts";
import type { Review } from "../review.ts";

const LEVELS: Readonly<Record<Direction, string>> = { widens: "warning", breaks: "warning", narrows: "note", neutral: "note" };

/** The most results of a run; the first ones widen access (GitHub, "SARIF support for code scanning", shows no more). */
const MOST = 5000;

/**
 * A review as a SARIF log (OASIS SARIF 2.1.0), for systems that show findings beside the code.
 *
 * @param file the file of the definition, which each result points to
 */
export function sarif(review: Review, file: string): object {
  const changes = DIRECTIONS.flatMap((direction) => review.changes.filter((change) => change.direction === direction)).slice(0, MOST);
  const rules = [...new Set(changes.map(({ rule }) => rule))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "pulumi-linuxkit diff",
            informationUri: "https://github.com/pulumi-linuxkit/pulumi-linuxkit",
            rules: rules.map((id) => ({ id, shortDescription: { text: `A change of the kind ${id}.` } })),
          },
        },
        results: changes.map(({ rule, direction, part, path, message, why }) => ({
          ruleId: rule,
          ruleIndex: rules.indexOf(rule),
          level: LEVELS[direction],
          message: { text: plain(`${part}: ${message}${why === undefined ? "" : ` (${why})`}`) },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: encodeURI(file) } },
              logicalLocations: [{ fullyQualifiedName: path }],
            },
          ],
          partialFingerprints: { change: `${path} ${direction}` },
        })),
      },
    ],
  };
}

/** Text without control characters, and without a link: a message may have some as `[text](address)` (SARIF 2.1.0, 3.11.6). */
function plain(text: string): string {
  return oneLine(printable(text)).replaceAll("](", "]\u200b(");
}
