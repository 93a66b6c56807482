import type { Judged } from "./coverage.ts";

/** The members of one level, and the first words of those that are longer: `BlockDeviceMappings[]: DeviceName, Ebs`. */
function folded(paths: Iterable<string>): string {
  return (
    [...paths]
      .sort()
      .map((path) => `\`${path}\``)
      .join(", ") || "none"
  );
}

/** The page that says which operations and members the programs reach, and which members of them never. */
export function coveragePage({ operations }: Judged): string {
  const rows = operations.map(
    ({ cloud, operation, seen, unseen }) => `### ${cloud}: ${operation}\n\nSeen: ${folded(seen)}.\n\nNever: ${folded(unseen)}.\n`,
  );
  return `# What the clouds' models have judged

\`test/providers/models.judge.test.ts\` writes this page. Its programs make each component of each cloud with each of its arguments.
Their stock resources are converted as the stock providers convert them, and the clouds' own models judge the requests.
"Never" lists what a model has beside that, down to the members of those seen. The run of all tests judges every request that a
stand-in took as well, and prints its own figures.

${rows.join("\n")}`;
}
