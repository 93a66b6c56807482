import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Bytes } from "../../sdk/core/bytes.ts";
import { debian } from "../../sdk/debian/images.ts";
import { File, Image, Kernel } from "../../sdk/index.ts";
import { askAt, dhcp, spy } from "../guest/image.ts";
import { kernelStarts } from "../guest/kernel-starts.ts";
import type { scratch } from "../support/judge.ts";
import { until } from "../support/until.ts";

/** An OS with a large file, `/large`, and a service that sees the machine's files below `/host`. */
export async function largeOs(
  folder: Awaited<ReturnType<typeof scratch>>,
  content: Bytes,
  cmdline = "",
): Promise<{ readonly image: Image; readonly sha256: string }> {
  const source = await folder.file("large", content);
  const image = new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: `console=ttyS0 linuxkit.overlay=8m${cmdline}` }),
    init: [debian.init()],
    onboot: [dhcp()],
    services: [spy()],
    files: [new File("/large", { source, mode: "0644" })],
  });
  return { image, sha256: await sha256sum(source) };
}

export async function sha256sum(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** Asserts that the root of the machine is that OS, is read-only, and takes writes into memory, up to its limit. */
export async function isLargeRoot(url: string, sha256: string): Promise<void> {
  assert.match(await askAt(url, "grep ' /host ' /proc/mounts"), /^overlay \/host overlay ro,/m);
  assert.equal((await askAt(url, "sha256sum </host/large")).split(" ")[0], sha256);
  // a service that may mount can make the root writable
  const written = await askAt(
    url,
    "mount -o remount,bind,rw /host && echo mine >/host/etc/hosts && cat /host/etc/hosts && dd if=/dev/zero of=/host/much bs=1M count=9 2>&1 | grep -o 'No space left.*'; df -m /host | awk 'NR == 2 { print $2 }'",
  );
  assert.deepEqual(written.trim().split("\n"), ["mine", "No space left on device", "8"]);
}

/** Asserts that the init had no modules left to load, and that what the kernel starts is found in the machine's root. */
export async function endsByItsKernel({ url, consoleLog }: { readonly url: string; readonly consoleLog: string }): Promise<void> {
  assert.match(await readFile(consoleLog, "latin1"), /linuxkit \S+ \S+ modules\r?$/m);
  // the kernel's threads left the first stage's root with PID 1
  void askAt(url, kernelStarts("/sbin/poweroff")).catch(() => {});
  await until(() => /linuxkit \S+ \S+ off\r?$/m.test(readFileSync(consoleLog, "latin1")), 60);
  assert.match(await readFile(consoleLog, "latin1"), /linuxkit \S+ \S+ shutdown poweroff\r?$/m);
}
