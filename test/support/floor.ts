import { directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { NO_TRACING } from "../../sdk/plan/command-line.ts";

/** The line of the floor's init, before the seconds since the kernel started. */
export const FLOOR_LINE = "floor reached";

/** What the floor's init does: the same kernel, memory, CPU and devices, and one line of work. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
read -r uptime idle </proc/uptime
echo "${FLOOR_LINE} $uptime" >/dev/console
/bin/busybox poweroff -f
`;

/** An initramfs of BusyBox and that init. It is uncompressed, so that the floor does as little as possible. */
export function floorInitrd(busybox: Buffer): Promise<Buffer> {
  return collect(
    writeCpio([
      directoryEntry("bin"),
      directoryEntry("dev"),
      directoryEntry("proc"),
      fileEntry("bin/busybox", busybox, 0o755),
      symlinkEntry("bin/sh", "busybox"),
      fileEntry("init", INIT, 0o755),
    ]),
  );
}

/** The floor's command line, from the guest's: the kernel makes the files of its tracing there, as it does by itself. */
export function floorCommandLine(cmdline: string): string {
  return cmdline.replace(` ${NO_TRACING}`, "");
}

/** The seconds in a console's output, or undefined before the floor's line is there. */
export function floorSeconds(console: string): number | undefined {
  const found = new RegExp(`${FLOOR_LINE} (\\d+\\.\\d+)\\s`).exec(console);
  return found ? Number(found[1]) : undefined;
}
