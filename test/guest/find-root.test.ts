import assert from "node:assert/strict";
import { mkdir, open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FIND_ROOT } from "../../sdk/guest/stage1/find-root.ts";
import { judge, scratch } from "../support/judge.ts";
import { runShell } from "../support/guest-shell.ts";

const UUID = "01234567-89ab-4def-8123-456789abcdef";

describe("the first stage, with images of other tools,", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  before(async () => {
    folder = await scratch();
    const [tree, devices] = [join(folder.path, "tree"), join(folder.path, "dev")];
    for (const path of [tree, devices]) await mkdir(path);
    await writeFile(join(tree, "a"), "a".repeat(5000));
    judge("mksquashfs", tree, join(devices, "vda"), "-quiet", "-mkfs-time", "305419896");
    judge("mkfs.erofs", "-U", UUID, join(devices, "vdb"), tree);
    // Debian 12's mkfs.erofs has no option for a name: volume_name is 64 bytes into the superblock
    await using volume = await open(join(devices, "vdb"), "r+");
    await volume.write("my root", 1024 + 64);
    judge("xorriso", "-as", "mkisofs", "-quiet", "-V", "MY ROOT", "-o", join(devices, "sr0"), tree);
    judge("mkfs.vfat", "-C", join(devices, "vdc"), "1024");
    await writeFile(join(devices, "sr1"), "");
    for (const name of ["vda", "vdb", "vdc", "sr0", "sr1"]) {
      await mkdir(join(folder.path, "block", name), { recursive: true });
      await writeFile(join(folder.path, "block", name, "size"), `${Math.ceil((await stat(join(devices, name))).size / 512)}\n`);
    }
    await writeFile(join(folder.path, "find-root"), FIND_ROOT);
  });
  after(() => folder[Symbol.asyncDispose]());

  const find = async (wanted: string, known = ""): Promise<string> => {
    await writeFile(join(folder.path, "known"), known);
    const { stdout, stderr } = await runShell(
      `. ./find-root; devices=dev blocks=block known=known wanted='${wanted}'; find_root && echo "$device $kind" || echo "$seen"`,
      folder.path,
    );
    assert.equal(stderr, "");
    return stdout.trim();
  };

  for (const [name, wanted, known, want] of [
    ["finds its own squashfs by the mark in its time", "", "erofs 99999999\nsquashfs 78563412\n", "dev/vda squashfs"],
    ["finds its own erofs by the first bytes of its UUID", "", "erofs 01234567\n", "dev/vdb erofs"],
    ["finds its own ISO by the signature of its boot record", "", "iso9660 00000000\n", "dev/sr0 iso9660"],
    ["finds a label of erofs", "LABEL=my root", "", "dev/vdb erofs"],
    ["finds a label of an ISO", "LABEL=MY ROOT", "", "dev/sr0 iso9660"],
    ["finds a UUID", `UUID=${UUID.toUpperCase()}`, "", "dev/vdb erofs"],
    ["finds a squashfs by its mark as a UUID", "UUID=78563412", "", "dev/vda squashfs"],
    ["finds a device", "dev/vda", "", "dev/vda squashfs"],
    ["takes a device of a kind that it does not know", "dev/vdc", "", "dev/vdc"],
    [
      "says what there is",
      "",
      "squashfs 78563413\nerofs 1234567\n",
      'sr0 (iso9660 00000000 "MY ROOT"), vda (squashfs 78563412), vdb (erofs 01234567 "my root"), vdc (nothing known)',
    ],
    [
      "takes no device without a medium",
      "dev/sr1",
      "",
      'sr0 (iso9660 00000000 "MY ROOT"), vda (squashfs 78563412), vdb (erofs 01234567 "my root"), vdc (nothing known)',
    ],
    [
      "takes no empty label for any",
      "LABEL=",
      "",
      'sr0 (iso9660 00000000 "MY ROOT"), vda (squashfs 78563412), vdb (erofs 01234567 "my root"), vdc (nothing known)',
    ],
  ] as const) {
    test(name, async () => assert.equal(await find(wanted, known), want));
  }
});
