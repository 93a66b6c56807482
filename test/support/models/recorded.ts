import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A request to a cloud, as a stand-in took it, or as a stock provider would send it. */
export type CloudRequest =
  /** EC2, Auto Scaling or STS: a form. */
  | { readonly cloud: "aws"; readonly service: string; readonly form: string }
  /** A service of AWS with JSON, or the parameters of an operation as AWS's clients take them. */
  | { readonly cloud: "aws"; readonly service: string; readonly operation: string; readonly input: unknown }
  /** A service of AWS by paths: EBS direct. The body of a block is its length. */
  | {
      readonly cloud: "aws";
      readonly service: string;
      readonly method: string;
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  /** The path with the API's own part, such as `/compute/v1/projects/p/global/images`, and the query. */
  | { readonly cloud: "gcp" | "azure"; readonly method: string; readonly url: string; readonly body?: unknown };

/** The environment variable with the folder that requests are written to. */
export const FOLDER = "PULUMI_LINUXKIT_TEST_REQUESTS";

const written = new Set<string>();

/** Writes down a request that a stand-in has taken, once in a process, where the run of tests collects them. */
export function record(request: CloudRequest): void {
  const folder = process.env[FOLDER];
  if (folder === undefined) return;
  const line = JSON.stringify(request);
  if (written.has(line)) return;
  written.add(line);
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${line}\n`);
}

/** The requests of a folder, each once. */
export function recordedIn(folder: string): CloudRequest[] {
  const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean));
  return [...new Set(lines)].map((line) => JSON.parse(line) as CloudRequest);
}
