import { readFile } from "node:fs/promises";
import { WEB } from "./programs.ts";

/** The workload of examples/kubernetes as text, with the tests' own image: a deployment of two replicas behind a node port. */
export async function exampleWorkload(): Promise<string> {
  const text = await readFile(new URL("../../../examples/kubernetes/web.json", import.meta.url), "utf8");
  return text.replace("nginx:1.27", WEB.name);
}
