import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

// the machine's own processes are in the mount namespace of PID 1; threads of the kernel have no program
const PROCESSES = `own=$(readlink /proc/1/ns/mnt)
for process in /proc/[0-9]*; do
  program=$(readlink $process/exe) || continue
  [ "$(readlink $process/ns/mnt)" = "$own" ] && echo "$(basename $process) $program"
done`;

// what containers are made of is theirs
const FILES = `cd /host && find . -xdev \\( -path ./containers -o -path ./proc \\) -prune -o ! -type d -print | while read -r file; do
  kind=-; [ -L "$file" ] || { [ -x "$file" ] && kind=x; [ "$(head -c 2 "$file" | tr -d '\\000')" = '#!' ] && kind='#!'; }
  echo "$kind $file $(readlink "$file")"
done`;

// without these, what is left of tracing can be declared, and never switched on
const TRACING = `mkdir /tmp/t && mount -t tracefs tracefs /tmp/t && cd /tmp/t && ls kprobe_events
echo p:probe do_sys_openat2 >kprobe_events && cat kprobe_events
ls -d events trace current_tracer set_event instances 2>/dev/null`;

test("the machine itself runs one process, and has no shell, no BusyBox and no nft", { timeout: 400_000 }, async () => {
  await using machine = await bootImage(
    { onboot: [dhcp()], services: [spy({ port: 8081 }), service("one", "exec sleep 100000"), service("two", "exec sleep 100000")] },
    { ports: [8081] },
  );
  await machine.until("health", ({ stage }) => stage === "healthy");

  const processes = (await ask(machine, PROCESSES, 8081)).trim().split("\n");
  assert.deepEqual(
    processes.filter((line) => !line.endsWith("/crun")),
    ["1 /init"],
  );

  const files = (await ask(machine, FILES, 8081))
    .trim()
    .split("\n")
    .map((line) => line.split(" ") as [kind: string, path: string, target: string]); // prettier-ignore
  const programs = files.filter(([kind, path]) => kind === "x" && !/\.so[.0-9]*$/.test(path)).map(([, path]) => path);
  assert.deepEqual(programs.sort(), ["./init", "./usr/bin/crun"]);
  assert.deepEqual(
    files.filter(([kind]) => kind === "#!"),
    [],
  ); // prettier-ignore
  const shells = /(^|\/)(sh|bash|dash|ash|busybox|nft|iptables|perl|python3?)$|libnftables/;
  assert.deepEqual(
    files.filter(([, path, target]) => shells.test(path) || shells.test(target)),
    [],
  ); // prettier-ignore
  assert.equal(await ask(machine, TRACING, 8081), "kprobe_events\np:kprobes/probe do_sys_openat2\n");
  // what is sought is found where it is
  assert.match(await ask(machine, "find /host/containers -name busybox -o -name sh", 8081), /\/busybox\n/);
});
