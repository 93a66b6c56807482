import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../free-port.ts";
import { withGoProgram } from "../go-program.ts";

/** fake-gcs-server on loopback with its objects in memory, for `await using`. */
export async function fakeGcs(): Promise<{ readonly url: string; [Symbol.asyncDispose](): Promise<void> }> {
  await withGoProgram("fake-gcs-server");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    "fake-gcs-server",
    [
      "-scheme",
      "http",
      "-host",
      "127.0.0.1",
      "-port",
      `${port}`,
      "-backend",
      "memory",
      "-public-host",
      `127.0.0.1:${port}`,
      "-external-url",
      url,
      "-log-level",
      "error",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ended = once(child, "close");
  for (
    let tries = 0;
    !(await fetch(`${url}/_internal/healthcheck`).then(
      ({ ok }) => ok,
      () => false,
    ));
    tries++
  ) {
    if (tries > 100 || child.exitCode !== null) throw new Error("fake-gcs-server does not answer");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
