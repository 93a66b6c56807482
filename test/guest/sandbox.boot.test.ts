import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConsoleLine } from "../../sdk/guest/console.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

// one after another, each after a restart: memory, its tmpfs mounts, processes
const GREEDY = `
mkdir /state/memory 2>/dev/null && exec busybox tail /dev/zero
if mkdir /state/tmpfs 2>/dev/null; then
  for folder in a b c d e; do busybox dd if=/dev/zero of=/$folder/fill bs=64k; done
  echo filled
fi
bomb() { bomb & bomb & sleep 100000; }
bomb`;

describe("the sandbox", () => {
  test("a service that exhausts memory, a tmpfs or processes, crashes or hangs does not affect the others", async () => {
    await using machine = await bootImage(
      {
        onboot: [dhcp()],
        services: [
          spy(),
          service("greedy", GREEDY, {
            tmpfs: ["/a:size=1m", "/b", "/c", "/d", "/e"],
            binds: ["/run/state:/state"],
            runtime: { mkdir: ["/run/state"] },
          }),
          service("crashes", "echo again; exit 1"),
          service("gives-up", "exit 0", { restartLimit: { count: 2, within: 600 } }),
          service("hangs", "exec sleep 1000", { health: { command: ["busybox", "sleep", "1000"], timeout: 1, interval: 1, retries: 2 } }),
          service("talks", "i=0; while [ $i -lt 4000 ]; do echo $i some words that fill it; i=$((i + 1)); done; exec sleep 1000", {
            log: { size: 16384 },
          }),
          ...["apart", "alone"].map((name) =>
            service(name, "id -u; echo x >/tmp/x && stat -c %u /tmp/x; mount -t tmpfs x /tmp || exec sleep 3131", {
              userns: "private",
              tmpfs: ["/tmp"],
              uid: 7,
            }),
          ),
          service("calm", "exec busybox nc -ll -p 7000 -e /bin/busybox true", { health: { tcp: { port: 7000 }, interval: 1 } }),
        ],
      },
      { ports: [80] },
    );
    const said =
      (name: string, state: string, message = "") =>
      (line: ConsoleLine): boolean =>
        line.stage === "service" && line.name === name && line.state === state && line.message.startsWith(message);
    await Promise.all([
      machine.until("calm's health", said("calm", "healthy")),
      machine.until("the spy's health", said("spy", "healthy")),
      machine.until("greedy's second end", said("greedy", "restart", "2 in 2 s: exit status 137")),
      machine.until("a loop of crashes", said("crashes", "restart", "4 in 8 s: exit status 1")),
      machine.until("the end of patience", said("gives-up", "ended", "it ended 3 times, the last with exit status 0")),
      machine.until("what hangs", said("hangs", "unhealthy")),
    ]);
    const forked = await ask(
      machine,
      "until grep -q fork /host/run/log/greedy.log; do sleep 0.2; done; cat /host/sys/fs/cgroup/greedy/pids.max /host/sys/fs/cgroup/greedy/memory.oom.group; cat /host/sys/fs/cgroup/greedy/memory.max /host/sys/fs/cgroup/calm/memory.max",
    );
    const [pids, asOne, most, calms] = forked.trim().split("\n");
    assert.deepEqual([pids, asOne, calms], ["1024", "1", most], forked);
    assert.ok(Number(most) > 100 << 20 && Number(most) < 220 << 20, most);
    // the first tmpfs reached its own limit, the others that of memory; they disappear with the container
    assert.match(await ask(machine, "cat /host/run/log/greedy.log"), /No space left on device/);
    assert.match(
      await ask(
        machine,
        "ls -l /host/run/log/talks.log /host/run/log/talks.log.1 | awk '{ print ($5 <= 8192) }'; tail -n 1 /host/run/log/talks.log",
      ),
      /^1\n1\n3999 some words that fill it\n$/,
    );
    // their user ids are neither the machine's nor each other's
    assert.equal(await ask(machine, "grep -hv mount: /host/run/log/apart.log /host/run/log/alone.log"), "7\n7\n7\n7\n");
    const users = (
      await ask(
        machine,
        "for name in apart alone; do read -r p </host/sys/fs/cgroup/$name/cgroup.procs; awk '/^Uid/ { print $2 }' /host/proc/$p/status; done",
      )
    )
      .trim()
      .split("\n")
      .map(Number);
    assert.ok(new Set(users).size === 2 && users.every((user) => user > 65536 && user % 65536 === 7), users.join(" "));
    for (const name of ["spy", "calm"])
      assert.ok(!machine.lines.some((line) => said(name, "restart")(line) || said(name, "unhealthy")(line)), name);
    // PID 1 is never killed by the kernel, and no service is spared for what it was started by
    assert.equal(await ask(machine, "read -r p _ </host/sys/fs/cgroup/calm/cgroup.procs; cat /host/proc/$p/oom_score_adj"), "0\n");
    assert.equal((await ask(machine, "cat /host/run/linuxkit/services/gives-up")).slice(0, 5), "down,");
  });

  test("services start after those in `after` are up, and stop before them, by SIGKILL if necessary", async () => {
    await using machine = await bootImage({
      services: [
        service("app", "echo started; trap 'sleep 1; exit' TERM; while :; do sleep 0.1; done", { after: ["db", "cache"] }),
        service("cache", "exec sleep 1000", { after: ["db"] }),
        // without its stop timeout, the machine would never power off
        service("deaf", "trap '' TERM; while :; do sleep 0.1; done", { stopTimeout: 1 }),
        service("db", "sleep 2; echo up >/tmp/up; trap 'exit' TERM; while :; do sleep 0.1; done", {
          tmpfs: ["/tmp"],
          health: { command: ["busybox", "test", "-e", "/tmp/up"], interval: 1 },
        }),
      ],
    });
    await machine.until("health", ({ stage }) => stage === "healthy");
    await turnOff(machine);
    const lines = machine.lines.flatMap((line) => (line.stage === "service" ? [`${line.name} ${line.state} ${line.message}`.trim()] : []));
    const order = (words: readonly string[]): string[] => lines.filter((line) => words.includes(line));
    assert.deepEqual(order(["db healthy", "cache started", "app started"]), ["db healthy", "cache started", "app started"]);
    assert.ok(lines.includes("app waiting for db"), lines.join("\n"));
    assert.ok(lines.includes("deaf stopped"), lines.join("\n"));
    assert.deepEqual(order(["app stopped", "cache stopped", "db stopped"]), ["app stopped", "cache stopped", "db stopped"]);
  });
});

/** Presses the button until the machine is off, because the kernel may ignore it in the first seconds. */
async function turnOff(machine: Pick<Awaited<ReturnType<typeof bootImage>>, "pressPower" | "until">): Promise<void> {
  const press = setInterval(() => void machine.pressPower().catch(() => {}), 2000);
  try {
    await machine.pressPower();
    await machine.until("off", ({ stage }) => stage === "off");
  } finally {
    clearInterval(press);
  }
}
