import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Runs a program of `bench/process` and returns the JSON that it prints. */
export function child<T>(name: string, ...args: readonly string[]): Promise<T> {
  const script = fileURLToPath(new URL(`./process/${name}.ts`, import.meta.url));
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    running.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    running.on("error", reject);
    running.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(printed) as T) : reject(new Error(`${name} ${args.join(" ")} ended with ${code}`)),
    );
  });
}

/** The median of several runs: on shared machines, the best and the worst run mean little. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
