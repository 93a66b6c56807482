import { spawn } from "node:child_process";

/** Runs a foreign tool beside the test's own servers, and returns its exit status and output. */
export function runTool(tool: string, ...args: string[]): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

/** As {@link runTool}. Any status but 0 throws, with the output. */
export async function mustRun(tool: string, ...args: string[]): Promise<string> {
  const { status, output } = await runTool(tool, ...args);
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")} ended with ${status}\n${output}`);
  return output;
}
