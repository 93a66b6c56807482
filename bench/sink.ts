import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Runs a server of `bench/process` that prints its port, passes its URL to `use`, and ends it. */
export async function withSink<T>(name: string, args: readonly string[], use: (url: string) => Promise<T>): Promise<T> {
  const sink = spawn(process.execPath, [fileURLToPath(new URL(`./process/${name}.ts`, import.meta.url)), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(sink.stdout, "data")) as [Buffer];
    return await use(`http://127.0.0.1:${port.toString().trim()}`);
  } finally {
    const ended = once(sink, "close");
    sink.kill("SIGTERM");
    await ended;
  }
}
