import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "../../sdk/index.ts";
import { bootDisk, onceHealthy } from "../support/disk-machine.ts";
import { buildDisks } from "../support/disk-os.ts";
import { judge, scratch } from "../support/judge.ts";
import { MetadataServer } from "../support/metadata-server.ts";

const MIB = 2 ** 20;

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
  const disk = (volume: string) => new Volume(volume, { persistent: { serial: volume, after: "metadata" } });
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
    volumes: [disk("data"), disk("log")],
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

test("volumes on EC2 are identified by the instance's tags, and keep their data in the next machine in any order", {
  timeout: 400_000,
}, async () => {
  await using folder = await scratch();
  const volumes = await Promise.all(
    ["vol0aaaaaaaaaaaaaaaa", "vol0bbbbbbbbbbbbbbbb"].map(async (serial) => {
      const path = join(folder.path, serial);
      await using file = await open(path, "wx");
      await file.truncate(64 * MIB);
      return { path, serial };
    }),
  );
  // the guest's first disk is not the first volume of the definition
  await using metadata = await MetadataServer.start({
    "meta-data/instance-id": "i-0123",
    "meta-data/tags/instance": "Name\nlinuxkit.disk.data\nlinuxkit.disk.log",
    "meta-data/tags/instance/Name": "db",
    "meta-data/tags/instance/linuxkit.disk.data": "vol-0bbbbbbbbbbbbbbbb",
    "meta-data/tags/instance/linuxkit.disk.log": "vol-0aaaaaaaaaaaaaaaa",
  });
  const run = async (name: string, attached: typeof volumes): Promise<string> => {
    const path = (await buildDisks(machineOs(name), { format: "aws" })).files.find(({ role }) => role === "image")?.path ?? "";
    const { answer, console } = await bootDisk(
      { path, driver: "raw", firmware: "efi", as: "nvme", metadataPort: metadata.port, volumes: attached },
      onceHealthy("/"),
    );
    assert.match(console, /onboot volume-data ok/);
    return answer;
  };
  assert.equal(await run("one", volumes), "");
  assert.deepEqual(
    volumes.map(({ path }) => /name="(\w+)"/.exec(judge("sfdisk", "--dump", path))?.[1]),
    ["log", "data"],
  );
  assert.equal(await run("two", volumes.toReversed()), "data of one\nlog of one\n");
});
