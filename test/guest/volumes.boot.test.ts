import assert from "node:assert/strict";
import { test } from "node:test";
import { Volume } from "../../sdk/index.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, service, spy, task } from "./image.ts";

test("a volume in memory is mounted where nothing else is an overlay", { timeout: 300_000 }, async () => {
  await using machine = await bootImage({
    volumes: [new Volume("data")],
    services: [service("db", "echo written >/data/file && exec sleep 1000", { binds: ["data:/data"] })],
  });
  const { stage } = await machine.until("health", ({ stage }) => stage === "healthy" || stage === "failed");
  assert.equal(stage, "healthy", machine.console());
});

// each start says what it finds, and sets a trap for the next one
const TRAPS = `ls /sub; rm -rf /data/sub /data/made; ln -s / /data/sub; ln -s /run/linuxkit /data/made; echo trapped; sleep 1; exit 1`;

test("a symlink that a container leaves in a volume leads the machine nowhere", { timeout: 300_000 }, async () => {
  await using machine = await bootImage(
    {
      onboot: [dhcp(), task("layer", "mkdir /data/layer", { binds: ["data:/data"] })],
      volumes: [new Volume("data")],
      services: [
        spy(),
        service("traps", TRAPS, {
          binds: ["data:/data", "/containers/volumes/data/merged/sub:/sub"],
          runtime: { mkdir: ["/containers/volumes/data/merged/sub"] },
        }),
        // a namespace that is bound, and a layer of an overlay that is mounted again
        service("names", "rm -rf /data/names; ln -s /run/linuxkit /data/names; echo trapped; sleep 1; exit 1", {
          binds: ["data:/data"],
          runtime: { bindNS: { uts: "/containers/volumes/data/merged/names/uts" } },
        }),
        service("layers", "rm -rf /data/layer; ln -s / /data/layer; echo trapped; sleep 1; exit 1", {
          readonly: false,
          binds: ["data:/data"],
          runtime: {
            mounts: [
              {
                type: "overlay",
                source: "overlay",
                destination: "over",
                options: ["ro", "lowerdir=/containers/volumes/data/merged/layer:/usr/lib/linuxkit"],
              },
            ],
          },
        }),
        service("late", "echo it runs; exec sleep 1000", {
          userns: "private",
          tmpfs: ["/tmp"],
          binds: ["/run/late:/late"],
          runtime: { mkdir: ["/run/late"] },
        }),
      ],
    },
    { ports: [80] },
  );
  await secondRestart(machine, "traps");
  for (const [name, what] of [
    ["names", "names"],
    ["layers", "layer"],
  ] as const) {
    await secondRestart(machine, name);
    const why = new RegExp(`^trapped\\n.*/merged/${what} is a symlink where a container may write, which is not followed`);
    assert.match(await ask(machine, `cat /host/run/log/${name}.log`), why);
  }
  assert.equal(await ask(machine, "ls /host/run/linuxkit/uts 2>/dev/null"), "");
  const log = await ask(machine, "cat /host/run/log/traps.log");
  assert.match(log, /^trapped\nopen .*\/merged\/sub: .*\/sub is a symlink where a container may write, which is not followed\n/);
  assert.doesNotMatch(log, /^(bin|proc|etc)$/m);
  // nothing of what was put elsewhere for a start stays
  assert.equal(await ask(machine, "grep -c /run/linuxkit/sources /host/proc/1/mountinfo; ls -A /host/run/linuxkit/sources"), "0\n");
  assert.match(await ask(machine, "cat /host/run/log/late.log"), /^it runs\n/);
});

const secondRestart = (machine: Booted, name: string) =>
  machine.until(
    `the second restart of ${name}`,
    (line) => line.stage === "service" && line.name === name && line.state === "restart" && line.message.startsWith("2 "),
  );
