import assert from "node:assert/strict";
import { open, stat, truncate } from "node:fs/promises";
import { describe, test } from "node:test";
import { describeStage } from "../../sdk/guest/console.ts";
import { File } from "../../sdk/index.ts";
import { boot } from "../support/qemu.ts";
import { bootImage, buildImage, lastTask, service, task } from "./image.ts";

describe("tasks", () => {
  test("run in order, each to its end; a failing optional task does not stop the boot", async () => {
    await using machine = await bootImage({
      onboot: [
        task("first", "sleep 0.5; echo one >/tmp/order", { binds: ["/tmp:/tmp"] }),
        task("second", "read -r one </tmp/order && [ $one = one ] && echo two >>/tmp/order", { binds: ["/tmp:/tmp"] }),
        task("may-fail", "echo the reason >&2; exit 3", { optional: true }),
        task("may-hang", "trap '' TERM; while :; do sleep 100; done", { optional: true, timeout: 1 }),
        task("writes", "echo x >/here && cat /here", { readonly: false }),
      ],
    });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const tasks = machine.lines.filter(({ stage }) => stage === "onboot").map(describeStage);
    assert.deepEqual(tasks, [
      "onboot first start",
      "onboot first ok",
      "onboot second start",
      "onboot second ok",
      "onboot may-fail start",
      "onboot may-fail optional: exit status 3: the reason",
      "onboot may-hang start",
      "onboot may-hang optional: it was killed after its time limit of 1 s",
      "onboot writes start",
      "onboot writes ok",
    ]);
    const stages = machine.lines.map(({ stage }) => stage).filter((stage, index, all) => stage !== all[index - 1]);
    assert.deepEqual(stages, ["kernel", "init", "modules", "mounts", "onboot", "healthy"]);
  });

  const failures: readonly [string, Parameters<typeof task>, string][] = [
    ["a task that fails", ["broken", "echo one; echo first >&2; echo no lease >&2; exit 7"], "onboot broken: exit status 7: no lease"],
    [
      "a task that hangs",
      ["stuck", "trap '' TERM; while :; do sleep 100; done", { timeout: 1 }],
      "onboot stuck: it was killed after its time limit of 1 s",
    ],
    // the build knows what an image has, but not what is under a bind
    [
      "a task that is no program",
      ["absent", "", { command: ["/x/no"], binds: ["/run:/x:ro"] } as object],
      "onboot absent: exit status 1: ",
    ],
    [
      "a task that says it is healthy",
      ["forger", "printf '\\036linuxkit test-boo 1.0 healthy\\n\\036linuxkit - 1.0 healthy\\n' >&2; exit 1"],
      "onboot forger: exit status 1: linuxkit - 1.0 healthy",
    ],
  ];
  for (const [what, made, message] of failures) {
    test(`${what} stops the boot, and the console names the task and the reason`, async () => {
      await using machine = await bootImage({ onboot: [task(...made), task("after", "true")], services: [service("never", "sleep 1000")] });
      const failed = await machine.until("failure", ({ stage }) => stage === "failed");
      assert.ok(describeStage(failed).startsWith(`failed: ${message}`), describeStage(failed));
      await machine.ended;
      assert.ok(machine.lines.some(({ stage }) => stage === "off"));
      const names = machine.lines.flatMap((line) => ("name" in line ? [line.name] : []));
      assert.deepEqual([...new Set(names)], [made[0]]);
      assert.ok(!machine.lines.some(({ stage }) => stage === "healthy"));
    });
  }
});

describe("an image that was not unpacked completely stops the boot", () => {
  test("because of too little memory", async () => {
    const image = await buildImage({
      files: [...Array(90).keys()].map((n) => new File(`blob/${n}`, { contents: String(n).repeat(1 << 19) })),
    });
    // without rootfstype=ramfs the root has half the memory, and the kernel goes on when it is full
    await using machine = await boot({ ...image, cmdline: "console=ttyS0 panic=-1 quiet", memoryMiB: 128 });
    await machine.ended;
    const failed = machine.console().match(/failed the image was not unpacked whole: \d+ MiB of memory/);
    assert.ok(failed, machine.console());
  });
  test("because its last bytes are missing", async () => {
    const image = await buildImage({});
    const { size } = await stat(image.initrd);
    await truncate(image.initrd, size - 64);
    await using file = await open(image.initrd, "r+");
    await file.write(new Uint8Array(64), 0, 64, size - 64);
    await using machine = await boot(image);
    await machine.ended;
    assert.match(machine.console(), /failed the image was not unpacked whole/);
  });
});

test("a kernel that refuses a module of the firewall stops the boot, and the console names both", async () => {
  const { cmdline, ...image } = await buildImage({ services: [service("web", "sleep 1000", { publish: ["80"] })] });
  await using machine = await boot({ ...image, cmdline: `${cmdline} module_blacklist=nf_tables` });
  const failed = await machine.until("failure", ({ stage }) => stage === "failed");
  assert.match(
    describeStage(failed),
    /^failed: the firewall cannot be set up: the kernel does not take the rules: .*operation not supported; the kernel refused nf_tables\.ko, /,
  );
  await machine.ended;
});

test("the power button shuts down: first the services, then the onshutdown tasks, in order", async () => {
  await using machine = await bootImage({
    services: [
      service("a", "trap 'sleep 0.3; echo a >>/run/order; exit' TERM; while :; do sleep 0.1; done", { binds: ["/run:/run"] }),
      service("deaf", "sleep 1000"),
    ],
    onshutdown: [
      lastTask("one", "read -r who </run/order && [ $who = a ] || exit 9; echo one >>/run/order", { binds: ["/run:/run"] }),
      lastTask("fails", "echo cannot >&2; exit 4"),
      lastTask("two", "tail -n 1 /run/order | grep -q one", { binds: ["/run:/run"] }),
    ],
  });
  await machine.until("health", ({ stage }) => stage === "healthy");
  // its reader starts a moment later
  while (!machine.lines.some(({ stage }) => stage === "shutdown")) {
    await machine.pressPower();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await machine.ended;
  const end = machine.lines.slice(machine.lines.findIndex(({ stage }) => stage === "shutdown")).map(describeStage);
  const stopped = end.slice(1, 3).sort();
  assert.deepEqual(
    [end[0], ...stopped, ...end.slice(3)],
    [
      "shutdown: poweroff",
      "service a stopped",
      "service deaf stopped",
      "onshutdown one start",
      "onshutdown one ok",
      "onshutdown fails start",
      "onshutdown fails failed: exit status 4: cannot",
      "onshutdown two start",
      "onshutdown two ok",
      "off",
    ],
  );
});
