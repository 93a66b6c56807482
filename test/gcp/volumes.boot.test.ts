import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "../../sdk/index.ts";
import { bootDisk, onceHealthy } from "../support/disk-machine.ts";
import { buildDisks } from "../support/disk-os.ts";
import { judge, scratch } from "../support/judge.ts";

const MIB = 2 ** 20;

/** A name so long that its length byte, which precedes it in the disk's page, is a printable character. */
const LONG = `log-${"x".repeat(40)}`;

/** An OS that serves the contents of both disks, then appends its own name to each. */
function machineOs(name: string): Image {
  const script = [
    "#!/bin/sh",
    "cat /data/log /log/log 2>/dev/null >/tmp/index.html",
    `echo data of ${name} >>/data/log`,
    `echo log of ${name} >>/log/log`,
    "sync",
    "exec busybox httpd -f -p 80 -h /tmp",
    "",
  ];
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    volumes: [new Volume("data", { persistent: { serial: "data" } }), new Volume("log", { persistent: { serial: LONG } })],
    services: [
      new Service("db", {
        image: debian.packages({
          packages: ["busybox-static"],
          files: [
            { path: "bin/sh", symlink: "busybox" },
            { path: "bin/db", contents: script.join("\n"), mode: "0755" },
          ],
          command: ["db"],
        }),
        binds: ["data:/data", "log:/log"],
        tmpfs: ["/tmp"],
        capabilities: ["CAP_NET_BIND_SERVICE"],
        health: { tcp: { port: 80 } },
      }),
    ],
  });
}

test("volumes on Compute Engine are identified by their device names, and keep their data in the next machine in any order", {
  timeout: 400_000,
}, async () => {
  await using folder = await scratch();
  // the guest's first disk is not the first volume of the definition, and two names are similar
  const volumes = await Promise.all(
    [LONG, "xdata", "data"].map(async (serial) => {
      const path = join(folder.path, serial);
      await using file = await open(path, "wx");
      await file.truncate(64 * MIB);
      return { path, serial };
    }),
  );
  const run = async (name: string, attached: typeof volumes): Promise<string> => {
    const archive = (await buildDisks(machineOs(name), { format: "gcp" })).files.find(({ role }) => role === "image")?.path ?? "";
    judge("tar", "-xzf", archive, "-C", folder.path);
    const { answer, console } = await bootDisk(
      { path: join(folder.path, "disk.raw"), driver: "raw", firmware: "efi", as: "scsi", volumes: attached },
      onceHealthy("/"),
    );
    assert.match(console, /onboot volume-data ok/);
    return answer;
  };
  assert.equal(await run("one", volumes), "");
  const [log, other, data] = volumes.map(({ path }) => path) as [string, string, string];
  assert.deepEqual(
    [log, data].map((path) => /name="(\w+)"/.exec(judge("sfdisk", "--dump", path))?.[1]),
    ["log", "data"],
  );
  judge("cmp", "-n", `${64 * MIB}`, other, "/dev/zero");
  assert.equal(await run("two", volumes.toReversed()), "data of one\nlog of one\n");
});
