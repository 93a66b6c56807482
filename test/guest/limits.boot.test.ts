import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debian } from "../../sdk/debian/images.ts";
import { OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

// a service that says what it finds, and ends: its second start finds what the first has left
const FORGETS = `[ -e /mark ] && echo "the mark of the start before" || echo fresh
: >/mark; [ -d /made ] && echo "its folder"; df -m / | tail -n 1; sleep 1; exit 1`;

// a container engine: a group for a container of its own, with a limit, and no way out of its own limits
const ENGINE = `cd /sys/fs/cgroup; cat cgroup.subtree_control; cat /proc/self/cgroup
mkdir job && echo 16777216 >job/memory.max && cat job/memory.max; sleep 100000 & echo $! >job/cgroup.procs && cat /proc/$!/cgroup
echo 1 >memory.max; echo "limits: $?"; exec sleep 100000`;

// inotify_init1 by its number on amd64
const perl = (name: string, script: string, fields: Partial<ServiceArgs> = {}) =>
  new Service(name, {
    image: debian.packages({ packages: ["perl-base"] }),
    command: ["/usr/bin/perl", "-e", `$| = 1; ${script}; sleep 100000`],
    ...fields,
  });

test("what all share is larger than what they may take together, and each has limits of its own", async () => {
  await using machine = await bootImage(
    {
      // which lowers one of them
      onboot: [dhcp(), new OnbootTask("sysctl", { image: debian.sysctl({ "kernel.pid_max": 4000 }) })],
      services: [
        spy(),
        service("plain", "ulimit -n; ulimit -Hn; mount | grep devpts; exec sleep 100000"),
        perl("takes", "my @all = grep { $_ >= 0 } map { syscall(294, 0) } 1 .. 150; print scalar(@all), qq( watchers\n)"),
        perl(
          "watches",
          "print syscall(294, 0) < 0 ? qq(no watcher: $!\n) : qq(a watcher\n); open(L, '<', '/proc/self/limits'); print <L>; print qq(tried\n)",
          {
            after: ["takes"],
          },
        ),
        service("raised", "ulimit -n; exec sleep 100000", { rlimits: ["nofile,4096,4096"] }),
        service("few", "exec sleep 100000", { resources: { pids: { limit: 100 } } }),
        service("linuxkit", "ulimit -n; exec sleep 100000", { sandbox: "linuxkit" }),
        service("elsewhere", "exec sleep 100000", { sandbox: "linuxkit", cgroupsPath: "/others/elsewhere" }),
        service("engine", ENGINE, { cgroup: "delegated", health: { command: ["/bin/busybox", "true"] } }),
        service("user", ENGINE, {
          cgroup: "delegated",
          uid: 1000,
          gid: 1000,
          resources: { memory: { limit: 32 << 20 }, pids: { limit: 100 } },
        }),
        perl(
          "socket",
          `use IO::Socket::UNIX; my $l = IO::Socket::UNIX->new(Local => '/run/a.sock', Listen => 5) or die; while (my $c = $l->accept) { print $c qq(HTTP/1.1 204 OK\\r\\n\\r\\n) }`,
          { tmpfs: ["/run"], health: { http: { socket: "/run/a.sock", path: "/_ping", status: 204 } } },
        ),
        service("closed", "cd /sys/fs/cgroup; ls; mkdir job", { uid: 1000, restart: "never" }),
        service("all", "ls -d /sys/fs/cgroup/engine/job; exec sleep 100000", { cgroup: "host", after: ["engine"] }),
        service("forgets", FORGETS, {
          readonly: false,
          resources: { memory: { limit: 32 << 20 } },
          runtime: { mkdir: ["made"] },
        }),
      ],
    },
    { ports: [80] },
  );
  await machine.until(
    "the health of what may make groups",
    (line) => line.stage === "service" && line.name === "engine" && line.state === "healthy",
  );
  await machine.until(
    "the health of what answers on a socket",
    (line) => line.stage === "service" && line.name === "socket" && line.state === "healthy",
  );
  await machine.until(
    "the second restart of what forgets",
    (line) => line.stage === "service" && line.name === "forgets" && line.state === "restart" && line.message.startsWith("2 "),
  );
  const parameter = async (name: string): Promise<number> => Number(await ask(machine, `cat /proc/sys/${name}`));
  // 1024 of each default sandbox, 100, 8192 of each of LinuxKit's, and what the machine keeps
  const together = 10 * 1024 + 2 * 100 + 2 * 8192 + 1024;
  for (const name of ["kernel/threads-max", "kernel/pid_max"]) assert.ok((await parameter(name)) >= together, name);
  assert.ok((await parameter("fs/file-max")) > 2 ** 62);
  assert.equal(await parameter("fs/aio-max-nr"), 2 ** 30);
  assert.equal(await parameter("kernel/pty/max"), 2 ** 20);
  for (const family of ["ipv4", "ipv6"]) assert.equal(await parameter(`net/${family}/neigh/default/gc_thresh3`), 2 ** 20);

  const log = async (name: string): Promise<string> => ask(machine, `cat /host/run/log/${name}.log`);
  assert.match(await log("plain"), /^1024\n65536\n.*\bmax=1024\b/);
  assert.equal(await log("raised"), "4096\n");
  assert.equal(await log("linuxkit"), "1024\n");
  for (const [group, limit] of [
    ["plain", 1024],
    ["few", 100],
    ["linuxkit", 8192],
    ["others/elsewhere", 8192],
  ] as const)
    assert.equal(await ask(machine, `cat /host/sys/fs/cgroup/${group}/pids.max`), `${limit}\n`, group);

  // one service takes what the kernel gives to one user, and leaves it to the others with the same id
  for (let turn = 0; !(await log("watches")).includes("tried"); turn++) {
    assert.ok(turn < 200, await log("takes"));
    await sleep(300);
  }
  assert.equal(await log("takes"), "150 watchers\n");
  const watches = await log("watches");
  assert.match(watches, /^a watcher\n/);
  for (const limit of ["processes", "pending signals", "msgqueue size"])
    assert.match(watches, new RegExp(`^Max ${limit} +unlimited +unlimited`, "m"));
  assert.equal(await parameter("fs/pipe-user-pages-soft"), 0);
  assert.equal(await parameter("net/ipv4/tcp_max_orphans"), 2 ** 31 - 1);
  for (const name of ["tcp_mem", "udp_mem"])
    assert.equal(await ask(machine, `cat /proc/sys/net/ipv4/${name}`), "2147483647\t2147483647\t2147483647\n", name);

  const controllers = /^(?=.*\bcpu\b)(?=.*\bio\b)(?=.*\bmemory\b)(?=.*\bpids\b).*\n0::\/init\n16777216\n0::\/job\n/;
  for (const name of ["engine", "user"]) {
    assert.match(await log(name), controllers, name);
    assert.match(await log(name), /(write error: Operation not permitted|can't create memory.max: Permission denied)\nlimits: 1\n$/, name);
  }
  assert.match(await log("closed"), /mkdir: can't create directory 'job': Read-only file system\n$/);
  assert.equal(await log("all"), "/sys/fs/cgroup/engine/job\n");
  assert.equal(await ask(machine, "cat /host/sys/fs/cgroup/user/memory.max"), `${32 << 20}\n`);

  const told = await log("forgets");
  assert.match(told, /^(fresh\nits folder\n.* 32 +\d+ +\d+ +\d+% \/\n){2,}/);
  // PID 1 has threads to spare, so that it needs none when the table is full
  assert.ok(Number(await ask(machine, "sed -n 's/^Threads:[[:space:]]*//p' /proc/1/status")) >= 8);
});
