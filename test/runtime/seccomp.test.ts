import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CAPABILITIES } from "../../sdk/definition/capability.ts";
import { seccompProfile } from "../../sdk/definition/seccomp.ts";
import { defaultSeccomp } from "../../sdk/runtime/seccomp.ts";
import { BY_ARGUMENT, SYSTEM_CALLS } from "../../sdk/definition/system-calls.ts";

const actionOf = (name: string, capabilities: readonly string[] = []): string | undefined => {
  const rules = defaultSeccomp(capabilities, "amd64").syscalls.filter(({ names }) => names.includes(name));
  return rules[0] && (rules[0].args ? "by its arguments" : rules[0].action);
};

// calls that the headers name but that supported kernels do not implement, or that belong to 32-bit programs
const GONE =
  /^(_sysctl|afs_syscall|create_module|epoll_(ctl|wait)_old|[gp]etpmsg|get_kernel_syms|query_module|putpmsg|security|sysfs|tuxcall|[gs]et_thread_area)$/;

describe("the default filter", () => {
  test("covers every call that the kernel's headers name", () => {
    const header = [
      "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
      "/usr/include/asm/unistd_64.h",
      "/usr/include/aarch64-linux-gnu/asm/unistd_64.h",
    ].find(existsSync);
    assert.ok(header, "the kernel's headers are installed: linux-libc-dev");
    const known = new Set(SYSTEM_CALLS);
    const names = [...readFileSync(header, "utf8").matchAll(/__NR_(\w+)/g)].map(([, name]) => name as string);
    assert.ok(names.length > 250);
    assert.deepEqual(
      names.filter((name) => !known.has(name) && !GONE.test(name)),
      [],
    );
  });
  test("names no call twice", () => {
    for (const capabilities of [[], CAPABILITIES]) {
      const rules = defaultSeccomp(capabilities, "amd64").syscalls.filter(({ args }) => !args);
      const names = rules.flatMap((rule) => rule.names);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
      );
    }
  });
  for (const [name, capability] of [
    ["mount", "CAP_SYS_ADMIN"],
    ["unshare", "CAP_SYS_ADMIN"],
    ["bpf", "CAP_BPF"],
    ["ptrace", "CAP_SYS_PTRACE"],
    ["finit_module", "CAP_SYS_MODULE"],
    ["chroot", "CAP_SYS_CHROOT"],
    ["reboot", "CAP_SYS_BOOT"],
    ["clock_settime", "CAP_SYS_TIME"],
    ["syslog", "CAP_SYSLOG"],
    ["iopl", "CAP_SYS_RAWIO"],
  ] as const) {
    test(`${name} needs ${capability}`, () => {
      assert.equal(actionOf(name), "SCMP_ACT_ERRNO");
      assert.equal(actionOf(name, [capability]), "SCMP_ACT_ALLOW");
    });
  }
  test("clone makes namespaces only with CAP_SYS_ADMIN, and clone3 fails with ENOSYS without it", () => {
    assert.equal(actionOf("clone"), "by its arguments");
    assert.equal(actionOf("clone3"), undefined);
    assert.equal(actionOf("clone", ["CAP_SYS_ADMIN"]), "SCMP_ACT_ALLOW");
    assert.equal(defaultSeccomp([], "s390x").syscalls.find(({ names }) => names[0] === "clone")?.args?.[0]?.index, 1);
  });
  test("clone makes no child of the parent, which may be the machine's first process", () => {
    const flags = defaultSeccomp([], "amd64").syscalls.find(({ names }) => names[0] === "clone")?.args?.[0];
    const allowed = (given: number): boolean => (given & (flags?.value ?? 0)) === flags?.valueTwo;
    const [VM, FILES, THREAD, PARENT, SIGCHLD] = [0x100, 0x400, 0x1_0000, 0x8000, 17];
    for (const given of [SIGCHLD, VM | SIGCHLD, VM | FILES | THREAD]) assert.ok(allowed(given), given.toString(16));
    for (const given of [PARENT | SIGCHLD, VM | PARENT, 0x1000_0000, 0x4000_0000]) assert.ok(!allowed(given), given.toString(16));
  });
  test("allows what extends it, whatever the arguments, and nothing else", () => {
    for (const extra of [["keyctl", "add_key"], ["mount"], BY_ARGUMENT, ["read"]]) {
      const rules = defaultSeccomp([], "amd64", extra).syscalls;
      const plain = defaultSeccomp([], "amd64").syscalls;
      const allowed = (of: typeof rules): string[] =>
        of.filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && !args).flatMap(({ names }) => names);
      assert.deepEqual(new Set(allowed(rules)), new Set([...allowed(plain), ...extra]));
      for (const name of extra) assert.equal(rules.filter(({ names }) => names.includes(name)).length, 1, name);
    }
  });
  test("keys and io_uring need a custom profile", () => {
    for (const name of ["keyctl", "add_key", "io_uring_setup", "userfaultfd"]) assert.equal(actionOf(name, CAPABILITIES), "SCMP_ACT_ERRNO");
  });
  test("is for the machine's architecture only, and valid by the definition's schema", () => {
    for (const [arch, name] of [
      ["amd64", "SCMP_ARCH_X86_64"],
      ["arm64", "SCMP_ARCH_AARCH64"],
      ["s390x", "SCMP_ARCH_S390X"],
    ] as const) {
      const profile = defaultSeccomp([], arch);
      assert.deepEqual(profile.architectures, [name]);
      assert.deepEqual(seccompProfile.parse(profile), profile);
    }
  });
});
