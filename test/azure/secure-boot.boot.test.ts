import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { bootDisk } from "../support/disk-machine.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";

const KEY = "/usr/share/ovmf/PkKek-1-snakeoil";

test("a signed image for Azure boots under Secure Boot with its key enrolled", { timeout: 300_000 }, async () => {
  const secureBoot = {
    key: await readFile(`${KEY}.key`, "utf8"),
    certificate: await readFile(`${KEY}.pem`, "utf8"),
    passphrase: "snakeoil",
  };
  const built = await buildDisks(diskOs("signed", { cmdline: "console=ttyS0 loglevel=7" }), { format: "vhd", secureBoot });
  assert.ok(built.pcrs, "it boots one EFI program, so its PCRs are known");
  const { answer, console } = await bootDisk({ path: built.path(".vhd"), driver: "vpc", firmware: "secure-boot", as: "scsi" });
  // a busy host may lose bytes of the serial console: the kernel reports Secure Boot twice
  assert.match(console, /secureboot: Secure boot enabled|Kernel is locked down from EFI Secure Boot/);
  assert.equal(answer, "signed");
});
