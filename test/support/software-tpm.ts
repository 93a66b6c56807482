import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const SOCKET = "tpm.sock";

/** A software TPM 2.0 for one machine, in that machine's folder. It ends with the machine, and when it is disposed. */
export async function startTpm(
  folder: string,
  device: "tpm-crb" | "tpm-tis-device",
): Promise<{ readonly arguments: readonly string[] } & AsyncDisposable> {
  await mkdir(join(folder, "tpm"));
  const swtpm = spawn("swtpm", ["socket", "--tpm2", "--tpmstate", "dir=tpm", "--ctrl", `type=unixio,path=${SOCKET}`, "--terminate"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 180_000,
    killSignal: "SIGKILL",
  });
  const ended = once(swtpm, "close");
  let said = "";
  swtpm.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  while (
    swtpm.exitCode === null &&
    !(await access(join(folder, SOCKET)).then(
      () => true,
      () => false,
    ))
  )
    await sleep(20);
  if (swtpm.exitCode !== null) throw new Error(`swtpm ended with ${swtpm.exitCode}: ${said}`);
  return {
    arguments: ["-chardev", `socket,id=tpm,path=${SOCKET}`, "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", `${device},tpmdev=tpm0`],
    async [Symbol.asyncDispose]() {
      swtpm.kill("SIGKILL");
      await ended;
    },
  };
}
