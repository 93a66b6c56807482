import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";

const { ensurePipProgram } = (await import(new URL("../../../scripts/pip-program.mjs", import.meta.url).href)) as {
  ensurePipProgram(name: string): Promise<string>;
};

/** The folder of moto and botocore, for PYTHONPATH. */
export function motoFolder(): Promise<string> {
  return ensurePipProgram("moto");
}

/** Moto's server on loopback, for `await using`. It keeps everything in memory and accepts any credentials. */
export async function moto(): Promise<{ readonly url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const folder = await ensurePipProgram("moto");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", `${port}`], {
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: "ignore",
  });
  const ended = once(child, "close");
  // the loop below reports a server that cannot be started
  child.on("error", () => {});
  ended.catch(() => {});
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended.catch(() => {});
  };
  for (
    let tries = 0;
    !(await fetch(`${url}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    ));
    tries++
  ) {
    if (tries > 300 || child.exitCode !== null || child.pid === undefined) {
      await stop();
      throw new Error("moto does not answer");
    }
    await sleep(100);
  }
  return { url, [Symbol.asyncDispose]: stop };
}
