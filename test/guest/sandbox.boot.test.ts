import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

// each line is one attempt; what succeeds says so by its name
const ATTEMPTS: Readonly<Record<string, string>> = {
  "mount a tmpfs": "mount -t tmpfs x /tmp",
  "write to the root": "mount -o remount,rw / || echo x >/new",
  "make a mount namespace": "unshare -m true",
  "make a user namespace": "unshare -U true",
  "set a kernel parameter": "echo 1 >/proc/sys/kernel/panic",
  "ask for a reboot by sysrq": "echo b >/proc/sysrq-trigger",
  "write to /sys": "echo 1 >/sys/kernel/mm/ksm/run",
  "read the firmware's tables": "ls /sys/firmware/* 2>/dev/null | grep .",
  "read the kernel's log": "dmesg",
  "open the machine's memory": "mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem",
  "open the serial line": "mknod /tmp/line c 4 64 && echo x >/tmp/line",
  "open a disk": "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk",
  "change the host name": "hostname other",
  "change its own program": "chmod 777 /bin/busybox",
  "raise its limit of processes": "echo max >/sys/fs/cgroup/pids.max",
  "see the guest's own files": "ls /run/linuxkit || ls /lib/linuxkit",
};

const script = [
  ...Object.entries(ATTEMPTS).map(([name, attempt]) => `if { ${attempt}; } >/dev/null 2>&1; then echo 'could ${name}'; fi`),
  "echo tried",
  "exec sleep 100000",
].join("\n");

const BOMB = "bomb() { bomb & bomb & sleep 100000; }; bomb";

describe("the sandbox", () => {
  test("a hostile service gets nowhere, as root, as root with capabilities, and as another user", async () => {
    const fields = { tmpfs: ["/tmp"] };
    await using machine = await bootImage({
      onboot: [dhcp()],
      services: [
        spy(),
        service("root", script, fields),
        service("capable", script, { ...fields, capabilities: ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_SETGID", "CAP_SETUID", "CAP_SYS_CHROOT"] }),
        service("user", script, { ...fields, uid: 1000, gid: 1000 }),
      ],
    }, { ports: [80] });
    await machine.until("health", ({ stage }) => stage === "healthy");
    for (const name of ["root", "capable", "user"]) {
      const log = await ask(machine, `until grep -q tried /host/run/log/${name}.log; do sleep 0.2; done; cat /host/run/log/${name}.log`);
      assert.equal(log, "tried\n", `${name}: ${log}`);
    }
  });

  test("a fork bomb fills its own limit, and the others go on", async () => {
    await using machine = await bootImage({ onboot: [dhcp()], services: [spy(), service("bomb", BOMB)] }, { ports: [80] });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const limited = await ask(machine, "until grep -q fork /host/run/log/bomb.log; do sleep 0.2; done; cat /host/sys/fs/cgroup/bomb/pids.max; grep -c . /host/run/log/spy.log; echo forked");
    assert.equal(limited, "1024\n0\nforked\n");
    assert.ok(!machine.lines.some((line) => line.stage === "service" && line.name === "spy" && line.state === "restart"));
  });
});
