import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";

/*
 * crun judges the configuration, and the container itself reports what it can do. The container runs in mount and control
 * group namespaces of the test, with cgroup2 only, as in the guest.
 */
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "linuxkit-crun-"));
  for (const name of ["bin", "dev", "proc", "sys", "tmp", "run"]) mkdirSync(join(folder, "rootfs", name), { recursive: true });
  copyFileSync(execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim(), join(folder, "rootfs/bin/busybox"));
});
after(() => rmSync(folder, { recursive: true }));

const ENTER = `
mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup &&
exec crun --root "$1/state" --cgroup-manager=disabled run --bundle "$1" "$2"`;

/** The output of a script that runs as a service with these fields. */
function run(script: string, fields: Partial<ServiceArgs> = {}): string {
  const service = new Service("box", { image: "x", command: ["/bin/busybox", "sh", "-c", script], env: ["PATH=/bin"], ...fields });
  const [bundle] = bundles(
    new Image({ services: [service] }).spec,
    () => ({ entrypoint: [], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label: {} }),
    "amd64",
  );
  writeFileSync(join(folder, "config.json"), bundle?.config ?? "");
  const namespaces = process.getuid?.() === 0 ? "-mC" : "-rmC";
  return execFileSync("unshare", [namespaces, "sh", "-c", ENTER, "sh", folder, `box-${process.pid}`], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  }).trim();
}

const status = (field: string): string => `busybox sed -n 's/^${field}:[[:space:]]*//p' /proc/self/status`;
const whether = (command: string): string => `${command} 2>/dev/null && echo yes || echo no`;

describe("a service with default fields", () => {
  for (const [name, script, wanted] of [
    ["has no capability", status("CapBnd"), "0000000000000000"],
    ["gains no privilege", status("NoNewPrivs"), "1"],
    ["has a filter of system calls", status("Seccomp"), "2"],
    ["cannot make a user namespace", whether("busybox unshare -U busybox true"), "no"],
    ["is process 1 of its namespace", "echo $$", "1"],
    ["has its name as host name", "busybox hostname", "box"],
    ["cannot write its root", whether("busybox touch /x"), "no"],
    ["cannot write kernel parameters", whether("echo x > /proc/sys/kernel/domainname"), "no"],
    ["cannot trigger a SysRq", whether("echo h > /proc/sysrq-trigger"), "no"],
    ["cannot read the kernel's memory", whether("busybox dd if=/proc/kcore count=1"), "no"],
    ["cannot write control groups", whether("busybox mkdir /sys/fs/cgroup/x"), "no"],
    ["cannot write /sys", whether("echo 1 > /sys/kernel/profiling"), "no"],
    [
      "sees no disk and no memory device",
      "cd /dev; echo *",
      "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero",
    ],
  ] as const) {
    test(name, () => assert.equal(run(script), wanted));
  }

  test("shares only the user and time namespaces with the machine", () => {
    const kinds = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];
    const own = run(kinds.map((kind) => `busybox readlink /proc/self/ns/${kind}`).join("; ")).split("\n");
    const theirs = kinds.map((kind) => execFileSync("readlink", [`/proc/self/ns/${kind}`], { encoding: "utf8" }).trim());
    const shared = kinds.filter((_, index) => own[index] === theirs[index]);
    assert.deepEqual(shared, process.getuid?.() === 0 ? ["user"] : []);
  });
});

describe("a service can have", () => {
  test("one capability", () =>
    assert.equal(run(status("CapEff"), { capabilities: ["CAP_NET_BIND_SERVICE"], publish: [] }), "0000000000000400"));
  test("a tmpfs that is writable, limited, nosuid and nodev", () => {
    const [written, line = ""] = run(`${whether("busybox touch /run/x")}; busybox grep ' /run ' /proc/mounts`, {
      tmpfs: ["/run:size=1m"],
    }).split("\n");
    assert.equal(written, "yes");
    for (const option of ["nosuid", "nodev", "size=1024k"]) assert.ok(line.includes(option), line);
  });
  test("a bind that is read-only", () =>
    assert.equal(run(whether("busybox touch /run/x"), { binds: [`${folder}/rootfs/bin:/run:ro`] }), "no"));
  test("a writable root", () => assert.equal(run(whether("busybox touch /made && busybox rm /made"), { readonly: false }), "yes"));
  test("a limit", () => assert.equal(run("ulimit -n", { rlimits: ["nofile,64,64"] }), "64"));
  test("its own network with a loopback interface", () =>
    assert.match(run("busybox ls /sys/class/net; busybox ip addr show lo"), /^lo\n.*LOOPBACK,UP[\s\S]*inet 127\.0\.0\.1\/8/));
  test("the machine's network", () =>
    assert.equal(
      run("busybox readlink /proc/self/ns/net", { net: "host" }),
      execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }).trim(),
    ));
  test("every system call", () => assert.equal(run(status("Seccomp"), { seccomp: "unconfined" }), "0"));
  test("a custom seccomp filter", () => {
    const seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
    } as const;
    assert.match(
      run("busybox mkdir /run/x 2>&1; busybox touch /run/y; busybox ls /run", { seccomp, tmpfs: ["/run"] }),
      /No space left on device\ny$/,
    );
  });
  test("the system calls of its capability", () =>
    assert.equal(run(whether("busybox mount -t tmpfs x /run"), { capabilities: ["CAP_SYS_ADMIN"] }), "yes"));
  test("its own user namespace", () => {
    const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    // the folders above belong to the test and are closed to other users
    for (let path = folder; path !== tmpdir(); path = dirname(path)) chmodSync(path, 0o755);
    assert.match(
      run("busybox cat /proc/self/uid_map; busybox touch /run/x && busybox stat -c %u /run/x; busybox stat -c %u /bin", {
        userns: "new",
        uidMappings: mapping,
        gidMappings: mapping,
        tmpfs: ["/run"],
      }),
      /^0 +100000 +65536\n0\n65534$/,
    );
  });
  for (const [capability, command, users] of [
    ["CAP_SYS_CHROOT", "busybox chroot / busybox true", "yes"],
    ["CAP_MKNOD", "busybox mknod /run/null c 1 3", "no"],
    ["CAP_SYSLOG", "busybox dmesg", "no"],
  ] as const) {
    test(`${capability}, which ${users === "no" ? "has no effect" : "works"} in its own user namespace`, () => {
      for (let path = folder; path !== tmpdir(); path = dirname(path)) chmodSync(path, 0o755);
      const mapping = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      const fields = { capabilities: [capability], tmpfs: ["/run"], seccomp: "unconfined" } as const;
      assert.deepEqual(
        [
          run(whether(`${command} >/run/out`), fields),
          run(whether(`${command} >/run/out`), { ...fields, userns: "new", uidMappings: mapping, gidMappings: mapping }),
        ],
        ["yes", users],
      );
    });
  }
  test("the machine's processes", () => assert.notEqual(run("echo $$", { pid: "host" }), "1"));
});
