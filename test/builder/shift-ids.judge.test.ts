import assert from "node:assert/strict";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { shiftIds } from "../../sdk/builder/shift-ids.ts";
import { present } from "../../sdk/core/present.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { isoVolume } from "../../sdk/disk/iso9660.ts";
import { directoryStep } from "../../sdk/plan/entry-step.ts";
import { fakeSources, planOf, segment, unpack } from "../support/fake-plan.ts";
import { judge, scratch } from "../support/judge.ts";

const BASE = 0x4000_0000;
const ROOT = "containers/services/web/rootfs";
// setcap cap_net_bind_service=ep: revision 2, and revision 3 for the container's own root
const CAPABILITY = "0100000200040000000000000000000000000000";
const OWN_CAPABILITY = "010000030004000000000000000000000000000000000040";

const web = (): Entry[] => [
  fileEntry("usr/bin/su", "setuid", 0o4755),
  fileEntry("srv/mail/box", "mine", 0o600, { uid: 8, gid: 65_535 }),
  directoryEntry("srv", 0o750, { uid: 33, gid: 33 }),
];
const capable = (): Entry[] => [
  {
    ...fileEntry("ping", "x", 0o755),
    xattrs: new Map([
      ["security.capability", Buffer.from(CAPABILITY, "hex")],
      ["user.note", Buffer.from("kept")],
    ]),
  },
];

const owned = (name: string, prefix: string) => ({ ...unpack(name, prefix), idBase: BASE });
// one archive, so that one run of cpio reads it
const plan = planOf(
  segment(
    "web",
    ...["containers", "containers/services", "containers/services/web"].map((path) => directoryStep(path)),
    owned("web", ROOT),
  ),
);

describe("a tree with shifted user ids", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  const out = (name: string): string => join(folder.path, "out", name);
  const build = (more: Partial<Parameters<typeof buildPlan>[1]>, of = plan, trees: Parameters<typeof fakeSources>[0] = { web, capable }) =>
    buildPlan(of, {
      name: "os",
      outputDir: join(folder.path, "out"),
      cacheDir: join(folder.path, "cache"),
      store: new BlobStore(join(folder.path, "cache")),
      sources: fakeSources(trees),
      ...more,
    });
  before(async () => {
    folder = await scratch();
    await build({ format: ["kernel+initrd", "tar", "kernel+squashfs", "kernel+erofs"] });
  });
  after(() => folder[Symbol.asyncDispose]());

  const line = (mode: string, uid: number, gid: number, path: string): RegExp =>
    new RegExp(`^${mode} .*\\b${uid}[ /]+${gid} .*${path}/?$`, "m");
  // implied directories belong to the image's root user, those above the image to the machine's
  const lines = [
    line("drwxr-xr-x", 0, 0, "containers/services/web"),
    line("drwxr-xr-x", BASE, BASE, ROOT),
    line("drwxr-xr-x", BASE, BASE, `${ROOT}/usr/bin`),
    line("-rwsr-xr-x", BASE, BASE, `${ROOT}/usr/bin/su`),
    line("drwxr-x---", BASE + 33, BASE + 33, `${ROOT}/srv`),
    line("drwxr-xr-x", BASE, BASE, `${ROOT}/srv/mail`),
    line("-rw-------", BASE + 8, BASE + 65_535, `${ROOT}/srv/mail/box`),
    line("-rw-r--r--", BASE, BASE, `${ROOT}/etc/hosts`),
    line("drwxr-xr-x", BASE, BASE, `${ROOT}/dev`),
  ];

  for (const [format, list] of [
    ["tar", () => judge("tar", "-tvf", out("os.tar"), "--numeric-owner")],
    ["kernel+squashfs", () => judge("unsquashfs", "-lln", "-d", "", out("os-squashfs.img"))],
    ["kernel+initrd", () => judge("sh", "-c", `zstd -dcq "$0" 2>/dev/null | cpio -tvn --quiet`, out("os-initrd.img"))],
  ] as const) {
    test(`has the shifted owners in ${format}, by its own tool`, () => {
      const listed = list();
      for (const wanted of lines) assert.match(listed, wanted);
    });
  }

  test("has the shifted owners in kernel+erofs, by its own tool", () => {
    for (const [path, uid, gid, mode] of [
      ["", BASE, BASE, "0755"],
      ["/usr/bin/su", BASE, BASE, "0755"],
      ["/srv/mail/box", BASE + 8, BASE + 65_535, "0600"],
    ] as const) {
      assert.match(
        judge("dump.erofs", "--path", `/${ROOT}${path}`, out("os-erofs.img")),
        new RegExp(`Uid: ${uid} +Gid: ${gid} +Access: ${mode}`),
      );
    }
  });

  test("has the shifted owners on a CD, by xorriso", async () => {
    const image = await folder.file(
      "own.iso",
      readDisk(isoVolume({ entries: [fileEntry("own", "x", 0o600, { uid: BASE + 8, gid: BASE + 65_535 })], label: "OWN" }).disk),
    );
    assert.match(
      judge("xorriso", "-indev", image, "-find", "/", "-exec", "lsdl", "--"),
      new RegExp(`-rw------- +1 ${BASE + 8} +${BASE + 65_535} `),
    );
  });

  test("has file capabilities for the container's root", async () => {
    await build({ format: "tar", name: "capable" }, planOf(segment("web", owned("capable", ROOT))));
    const listed = judge("tar", "--xattrs", "--xattrs-include=*", "-tvvf", out("capable.tar"));
    assert.match(listed, /\bping\n\s+x: 24 security\.capability\n\s+x: 4 user\.note\n/);
    const { xattrs = new Map() } = present((await entriesOf(capable())).find(({ path }) => path === "ping"));
    assert.equal(Buffer.from(xattrs.get("security.capability")).toString("hex"), OWN_CAPABILITY);
  });

  for (const { name, entry, message } of [
    {
      name: "a user",
      entry: fileEntry("srv/x", "x", 0o600, { uid: 65_536 }),
      message: 'services.web: srv/x belongs to user 65536, wanted at most 65535, the last id with userns: "private"',
    },
    {
      name: "a group",
      entry: fileEntry("srv/x", "x", 0o600, { gid: 100_000 }),
      message: 'services.web: srv/x belongs to group 100000, wanted at most 65535, the last id with userns: "private"',
    },
  ]) {
    test(`refuses ${name} beyond the range`, () =>
      assert.rejects(build({ cacheDir: join(folder.path, name) }, plan, { web: () => [entry] }), { code: "INVALID_DEFINITION", message }));
  }
});

async function entriesOf(given: Entry[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of shiftIds(Readable.from(given), BASE, "x")) entries.push(entry);
  return entries;
}
