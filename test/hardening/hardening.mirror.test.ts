import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { namesWith } from "../support/hardening-rows.ts";
import { harden, hardening, Image, Kernel } from "../../sdk/index.ts";
import { scoreLine } from "../../sdk/policy/text.ts";

const base = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] });

/** The settings that have no effect on Debian 12's kernel of each architecture. */
const INERT = {
  amd64: [
    "hash_pointers",
    "kfence.sample_interval",
    "cfi",
    "ia32_emulation",
    "bdev_allow_write_mounted",
    "proc_mem.force_override",
    "kernel.io_uring_disabled",
    "dev.tty.legacy_tiocsti",
  ],
  arm64: [
    "hash_pointers",
    "kfence.sample_interval",
    "bdev_allow_write_mounted",
    "proc_mem.force_override",
    "kernel.io_uring_disabled",
    "dev.tty.legacy_tiocsti",
  ],
  s390x: [
    "page_alloc.shuffle",
    "hash_pointers",
    "kfence.sample_interval",
    "bdev_allow_write_mounted",
    "proc_mem.force_override",
    "kernel.io_uring_disabled",
    "dev.tty.legacy_tiocsti",
    "net.core.bpf_jit_harden",
  ],
} as const;

describe("the score of both profiles from the kernel's own configuration", { timeout: 300_000 }, () => {
  for (const arch of ["amd64", "arm64", "s390x"] as const) {
    test(arch, async (t) => {
      const reports = await Promise.all((["default", "strict"] as const).map((profile) => hardening(harden(base, { profile }), { arch })));
      const [open, closed] = reports as [(typeof reports)[0], (typeof reports)[0]];
      const none = await hardening(base, { arch });
      for (const report of [none, ...reports]) t.diagnostic(scoreLine(report));
      assert.match(closed.kernel ?? "", /^6\.1\./);
      assert.deepEqual(namesWith(closed, "inert"), INERT[arch]);
      assert.equal(closed.settings.off, 0);
      // a stronger profile has more settings and options on
      const on = [none, open, closed].map(({ settings, options }) => [settings.on, options.on] as const);
      for (const [index, [settings, options]] of on.entries())
        if (index > 0) assert.ok(settings > (on[index - 1]?.[0] ?? 0) && options > (on[index - 1]?.[1] ?? 0), JSON.stringify(on));
    });
  }
});

test("a kernel that does not come from Debian is unknown, unless its configuration is given", async () => {
  const image = harden(new Image({ kernel: new Kernel({ image: "linuxkit/kernel:6.12" }) }));
  assert.deepEqual([(await hardening(image)).kernel, namesWith(await hardening(image), "inert")], [undefined, []]);
  const kernelConfig = "# Linux/x86 6.12.59 Kernel Configuration\n";
  assert.ok(namesWith(await hardening(image, { kernelConfig }), "inert").includes("module.sig_enforce"));
});
