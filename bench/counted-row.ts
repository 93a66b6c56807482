import { countedBoot, countedFloor } from "../test/support/counted-boot.ts";
import type { Row } from "./row.ts";

/** The boot by the guest's own clock, which counts instructions: the one figure of a boot without noise. */
export async function countedRow(machine: {
  readonly kernel: string;
  readonly cmdline: string;
  readonly memoryMiB: number;
  readonly initrd: string;
  /** The floor's initrd. */
  readonly floor: string;
}): Promise<Row> {
  return {
    what: "boot: guest time to healthy, an instruction each nanosecond",
    value: (await countedBoot(machine)).healthy,
    unit: "s",
    floor: await countedFloor({ ...machine, initrd: machine.floor }),
    floorIs: "the same kernel with its own defaults and a one-line init",
    limitRatio: 1.5,
  };
}
