import { setTimeout as pause } from "node:timers/promises";
import type { Lock } from "pulumi-linuxkit";
import { boot } from "../../test/support/qemu.ts";
import { debianMachine, debianTree } from "./debian-machine.ts";
import { measure, METER_PORT } from "./meter.ts";
import type { Column } from "./ours.ts";

const MINUTES = 60_000;
const MEMORY_MIB = 512;

/** Debian 12 from `debootstrap --variant=minbase`, with a web server and its network, on the kernel of the others. */
export async function debianColumn(folder: string, lock: Lock): Promise<Column> {
  const tree = await debianTree(folder, ["nginx-light"]);
  const { boot: options, kernelBytes, rootBytes } = await debianMachine(folder, tree, { lock });
  const began = performance.now();
  await using machine = await boot({ ...options, memoryMiB: MEMORY_MIB, ports: [80, METER_PORT] });
  const answers = (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${machine.port(port)}/`, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
  while (!(await answers(80))) {
    if (performance.now() - began > 2 * MINUTES) throw new Error(`Debian's server did not answer:\n${machine.console()}`);
    await pause(100);
  }
  const seconds = (performance.now() - began) / 1000;
  while (!(await answers(METER_PORT))) await pause(200);
  // wait for programs that run only at start
  await pause(10_000);
  return {
    name: "Debian 12, one service",
    seconds,
    diskMB: (kernelBytes + rootBytes) / 1e6,
    ...(await measure(machine, "/")),
  };
}
