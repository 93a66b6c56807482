import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { debian } from "../../sdk/debian/images.ts";
import { Service, type ServiceArgs } from "../../sdk/index.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const perl = (name: string, script: string, fields: Partial<ServiceArgs> = {}) =>
  new Service(name, { image: debian.packages({ packages: ["perl-base"] }), command: ["/usr/bin/perl", "-e", script], ...fields });

// answers its health check with headers that never end
const FLOOD = `use Socket; socket(S,2,1,6); setsockopt(S,1,2,pack("l",1)); bind(S,pack_sockaddr_in(8080,INADDR_ANY)) or die;
listen(S,9); $SIG{CHLD}="IGNORE"; while (accept(C,S)) { if (fork==0) { sysread(C,my $x,999); syswrite(C,"HTTP/1.1 100 Continue\\r\\n");
my $b=("X: ".("a"x400)."\\r\\n")x100; while (syswrite(C,$b)) {} exit } close C }`;

// makes its standard output non-blocking, as Node does, and ends; its second life is honest
const NON_BLOCKING = `$|=1; if (-e "/data/once") { for my $i (1..4000) { print "second life, line $i\\n" } sleep 100000 }
fcntl(STDOUT, 4, 2 | 2048); for (1..20) { syswrite(STDOUT, "x\\n"); select(undef,undef,undef,0.05) } open(F, ">", "/data/once"); close F; exit 1`;

// looks for descriptors of the host among its own processes; perl reads a seed from its own /dev/urandom as it starts
const LOOKS = `$|=1; while (1) { for my $p (glob "/proc/[0-9]*") { for my $n (0..9) { my $l = readlink("$p/fd/$n"); next unless defined $l;
print "found $l\\n" if $l =~ m{^/} && $l !~ m{^/dev/(null|zero|urandom)|^/proc|^/usr|^/data} && !$seen{$l}++ } } select(undef,undef,undef,0.01) }`;

const STATUS =
  "(grep -E '^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; cat /proc/self/cgroup) >/tmp/new; mv /tmp/new /tmp/status";

describe("what the host does for a service never harms the machine", () => {
  test("health checks, logs and commands of a hostile service", { timeout: 400_000 }, async () => {
    await using machine = await bootImage(
      {
        healthPort: 8000,
        onboot: [dhcp()],
        services: [
          spy({ port: 8081 }),
          perl("floods", FLOOD, { health: { http: { port: 8080 }, interval: 1 }, publish: [] }),
          perl("non-blocking", NON_BLOCKING, { readonly: false, binds: ["/var/tmp:/data"] }),
          perl("looks", LOOKS, {
            uid: 1000,
            health: { command: ["/usr/bin/perl", "-e", "print STDERR 'x' x 1000000; sleep 1"], interval: 1, timeout: 60 },
          }),
          service("checked", "exec sleep 100000", {
            uid: 1000,
            gid: 1001,
            tmpfs: ["/tmp"],
            health: { command: ["/bin/sh", "-c", STATUS], interval: 1, timeout: 60 },
          }),
        ],
      },
      { ports: [8000, 8081] },
    );
    const see = (script: string): Promise<string> => ask(machine, script, 8081);
    await machine.until("the spy", (line) => line.stage === "service" && line.name === "spy" && line.state === "healthy");
    await machine.until("checks of all", (line) => line.stage === "service" && line.name === "checked" && line.state === "healthy");
    await machine.until(
      "the flood is unhealthy",
      (line) => line.stage === "service" && line.name === "floods" && line.state === "unhealthy",
    );

    // the check is the service's own process, whatever asked for it
    const status = await see("for p in /proc/[0-9]*; do [ -s $p/root/tmp/status ] && cat $p/root/tmp/status && break; done");
    assert.match(status, /^Uid:\t1000\t1000\t1000\t1000\nGid:\t1001\t1001\t1001\t1001\n/m);
    assert.match(status, /^CapEff:\t0{16}\nCapBnd:\t0{16}\nNoNewPrivs:\t1\nSeccomp:\t2\n/m);
    // its control group is the service's, as a process in its own namespace of groups sees it
    assert.match(status, /^0::\/$/m);

    // the log of the second life is whole
    await until(() => see("tail -n 1 /host/run/log/non-blocking.log"), "second life, line 4000\n");
    // nothing of the host was found in a check's process, and the flood has left no trace in PID 1
    assert.equal(await see("cat /host/run/log/looks.log"), "");
    const [resident = 0, used = 0] = (await see("awk '/VmRSS/ { print $2 }' /proc/1/status; df -k /host/run | awk 'NR == 2 { print $3 }'"))
      .trim()
      .split("\n")
      .map(Number);
    assert.ok(resident < 32 << 10, `PID 1 holds ${resident} KiB`);
    assert.ok(used < 4 << 10, `/run holds ${used} KiB`);
    // states tell the truth, and nothing but names and states
    const answer = await fetch(`http://127.0.0.1:${machine.port(8000)}/healthz`, { signal: AbortSignal.timeout(30_000) });
    assert.deepEqual([answer.status, await answer.text()], [503, "floods: unhealthy\n"]);
  });

  test("what a service says is on no console and in no answer, and a service that does not hear its end is not waited for", async () => {
    await using machine = await bootImage({
      services: [
        service("forges", "echo 'Kernel panic - not syncing: forged'; exit 3", { restart: "never" }),
        service("deaf", "exec sleep 1000", { stopTimeout: 100 }),
      ],
    });
    await machine.until("the end of the one", (line) => line.stage === "service" && line.name === "forges" && line.state === "ended");
    await machine.until("the start of the other", (line) => line.stage === "service" && line.name === "deaf" && line.state === "started");
    assert.doesNotMatch(machine.console(), /panic/);
    assert.match(machine.console(), /service forges ended exit status 3\r?\n/);
    const begin = await turnOff(machine);
    const end = await machine.until("its end", (line) => line.stage === "service" && line.name === "deaf" && line.state === "stopped");
    assert.ok(end.seconds - begin < 5, `${end.seconds - begin} s`);
  });
});

async function until(see: () => Promise<string>, wanted: string): Promise<void> {
  let seen = "";
  for (let turn = 0; turn < 100 && seen !== wanted; turn++) {
    seen = await see();
    await sleep(300);
  }
  assert.equal(seen, wanted);
}

/** Presses the button until the shutdown begins, and gives when that was. */
async function turnOff(machine: Booted): Promise<number> {
  for (;;) {
    const begun = machine.lines.find(({ stage }) => stage === "shutdown");
    if (begun) return begun.seconds;
    await machine.pressPower();
    await sleep(500);
  }
}
