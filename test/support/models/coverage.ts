import type { Judge } from "./judge.ts";
import type { CloudRequest } from "./recorded.ts";

/** What the models have said of some requests. */
export interface Coverage {
  readonly cloud: CloudRequest["cloud"];
  readonly operation: string;
  requests: number;
  readonly seen: Set<string>;
  /** Members that the model has and no request had; those of a member that no request had are not listed. */
  readonly unseen: Set<string>;
}

/** The whole of some requests: per operation what was seen, all violations, and how many no model knows. */
export interface Judged {
  readonly operations: readonly Coverage[];
  readonly violations: readonly string[];
  readonly unjudged: number;
}

/** Judges requests. */
export function judged(judge: Judge, requests: Iterable<CloudRequest>): Judged {
  const operations = new Map<string, Coverage>();
  const violations = new Set<string>();
  let unjudged = 0;
  for (const request of requests) {
    const verdict = judge(request);
    if (!verdict) {
      unjudged++;
      continue;
    }
    const { operation, seen, unseen, wrong } = verdict;
    for (const fault of wrong) violations.add(`${request.cloud}: ${operation}: ${fault}`);
    const coverage = operations.get(operation) ?? { cloud: request.cloud, operation, requests: 0, seen: new Set(), unseen: new Set() };
    operations.set(operation, coverage);
    coverage.requests++;
    for (const path of seen) coverage.seen.add(path);
    for (const path of unseen) coverage.unseen.add(path);
    for (const path of coverage.seen) coverage.unseen.delete(path);
  }
  const sorted = [...operations.values()].sort((a, b) => `${a.cloud} ${a.operation}`.localeCompare(`${b.cloud} ${b.operation}`, "en"));
  return { operations: sorted, violations: [...violations], unjudged };
}

/** One line for each operation: requests, members seen and never seen. */
export function coverageLines({ operations, violations, unjudged }: Judged): string[] {
  const requests = operations.reduce((sum, each) => sum + each.requests, 0);
  return [
    ...operations.map(
      ({ cloud, operation, requests, seen, unseen }) =>
        `${cloud} ${operation}: ${requests} requests, ${seen.size} members seen, ${unseen.size} never`,
    ),
    `the clouds' models: ${requests} requests of ${operations.length} operations, ${violations.length} violations, ${unjudged} requests without a model`,
  ];
}
