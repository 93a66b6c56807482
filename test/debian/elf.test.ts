import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { elfSection, isElf, readElf } from "../../sdk/debian/elf.ts";
import { readModuleInfo } from "../../sdk/debian/modinfo.ts";
import { elfFile } from "../support/elf-file.ts";
import { judge } from "../support/judge.ts";

for (const bigEndian of [false, true]) {
  describe(bigEndian ? "big-endian, as on s390x" : "little-endian", () => {
    test("a program", () => {
      const file = elfFile({
        bigEndian,
        interpreter: "/lib/ld64.so.1",
        needed: ["libz.so.1", "libc.so.6"],
        runpath: "$ORIGIN/../lib:/opt/x",
      });
      assert.deepEqual(readElf(file, "x"), {
        interpreter: "/lib/ld64.so.1",
        needed: ["libz.so.1", "libc.so.6"],
        runpath: ["$ORIGIN/../lib", "/opt/x"],
      });
    });
    test("a library", () =>
      assert.deepEqual(readElf(elfFile({ bigEndian, soname: "libz.so.1", needed: [] }), "x"), {
        soname: "libz.so.1",
        needed: [],
        runpath: [],
      }));
    test("a kernel module", () => {
      const modinfo = [
        "alias=virtio:d00000001v*",
        "depends=net_failover,virtio-ring",
        "softdep=pre: crc32c blake2b post: a",
        "name=virtio_net",
      ];
      assert.deepEqual(readModuleInfo(elfFile({ bigEndian, modinfo }), "virtio-net.ko"), {
        name: "virtio_net",
        depends: ["net_failover", "virtio_ring"],
        before: ["crc32c", "blake2b"],
        after: ["a"],
        aliases: ["virtio:d00000001v*"],
      });
    });
  });
}

test("agrees with readelf on real programs", () => {
  for (const path of [process.execPath, "/usr/bin/env"]) {
    const said = judge("readelf", "-dl", path);
    const elf = readElf(readFileSync(path), path);
    assert.deepEqual(
      elf?.needed,
      [...said.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name),
    );
    assert.equal(elf?.interpreter, /interpreter: (.*)\]/.exec(said)?.[1]);
  }
});

test("other files and broken ELF files", () => {
  assert.equal(isElf(Buffer.from("#!/bin/sh")), false);
  assert.equal(elfSection(Buffer.from("#!/bin/sh"), ".modinfo", "x"), undefined);
  const file = elfFile({ needed: ["libc.so.6"] });
  for (const length of [20, 70, 200]) {
    assert.throws(
      () => readElf(file.subarray(0, length), "bin/x"),
      (error) => isLinuxKitError(error, "CORRUPT") && /bin\/x: broken ELF file/.test(error.message),
    );
  }
  const small = Buffer.from(file);
  small[4] = 1;
  assert.equal(readElf(small, "x"), undefined);
});
