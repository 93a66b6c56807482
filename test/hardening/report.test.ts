import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inertReason, parseKernelConfig } from "../../sdk/hardening/kernel-config.ts";
import { hardeningReport } from "../../sdk/hardening/report.ts";
import { namesWith } from "../support/hardening-rows.ts";

const CONFIG = [
  "#",
  "# Automatically generated file; DO NOT EDIT.",
  "# Linux/x86 6.1.192 Kernel Configuration",
  "#",
  "CONFIG_HARDENED_USERCOPY=y",
  "# CONFIG_KFENCE is not set",
  "CONFIG_INET_DIAG=m",
  'CONFIG_MODULE_SIG_HASH="sha256"',
  "CONFIG_DEFAULT_MMAP_MIN_ADDR=65536",
  "CONFIG_DEBUG_FS=y",
  "CONFIG_SLS=y",
  "CONFIG_KEXEC=y",
  "CONFIG_KEXEC_CORE=y",
  "CONFIG_IO_URING=y",
].join("\n");

const facts = { arch: "amd64", cmdline: "console=ttyS0", config: CONFIG } as const;
const strict = { profile: "strict", waive: {} } as const;

test("parses a kernel's configuration", () => {
  const config = parseKernelConfig(CONFIG);
  assert.equal(config.version, "6.1.192");
  assert.deepEqual(
    ["HARDENED_USERCOPY", "KFENCE", "NO_SUCH", "INET_DIAG", "MODULE_SIG_HASH"].map((name) => config.value(name)),
    ["y", "n", "n", "m", "sha256"],
  );
});

describe("a setting has no effect without the option or version that it needs", () => {
  const config = parseKernelConfig(CONFIG);
  const ROWS = [
    [{}, undefined],
    [{ config: ["KFENCE"] }, "the kernel was built without CONFIG_KFENCE"],
    [{ config: ["KFENCE", "SLS"] }, undefined],
    [{ since: [6, 1] }, undefined],
    [{ since: [5, 19] }, undefined],
    [{ since: [6, 12], config: ["DEBUG_FS"] }, "Linux 6.1.192 does not support it: it was added in 6.12"],
    [{ since: [7, 0] }, "Linux 6.1.192 does not support it: it was added in 7.0"],
  ] as const;
  for (const [needs, reason] of ROWS) test(JSON.stringify(needs), () => assert.equal(inertReason(needs, config), reason));
});

describe("each row's state", () => {
  const row = (name: string, more: object) => {
    const found = hardeningReport({ ...facts, ...more }).rows.find((one) => one.name === name);
    assert.ok(found, name);
    return [found.state, found.because ?? ""];
  };
  const ROWS: readonly (readonly [string, object, string, RegExp])[] = [
    ["hardened_usercopy", {}, "off", /no harden/],
    ["hardened_usercopy", { harden: strict }, "on", /^$/],
    ["hardened_usercopy", { cmdline: "hardened_usercopy=1" }, "on", /^$/],
    ["kfence.sample_interval", { harden: strict }, "inert", /without CONFIG_KFENCE/],
    ["init_on_free", { harden: { profile: "default", waive: {} } }, "off", /not in the profile "default": memory is written once more/],
    ["mitigations", { harden: { profile: "default", waive: {} } }, "off", /it is mitigations=auto: nosmt halves/],
    ["nosmt", { harden: { profile: "strict", waive: { nosmt: "one thread per core" } } }, "waived", /^one thread per core$/],
    ["nokaslr", {}, "on", /^$/],
    ["nokaslr", { cmdline: "quiet nokaslr" }, "off", /kernel\.cmdline has nokaslr/],
    ["console.shell", { harden: strict }, "on", /^$/],
    ["kernel.io_uring_disabled", { harden: strict }, "inert", /6\.6/],
    ["CONFIG_DEBUG_FS", {}, "off", /it is y; debugfs has the same effect/],
    ["CONFIG_DEBUG_FS", { harden: strict }, "on", /by debugfs/],
    ["CONFIG_IO_URING", { harden: strict }, "off", /it is y/],
    ["CONFIG_INET_DIAG", { harden: strict }, "off", /it is m/],
    ["CONFIG_SLS", {}, "on", /^$/],
    ["CONFIG_DEFAULT_MMAP_MIN_ADDR", {}, "on", /^$/],
  ];
  for (const [name, more, state, because] of ROWS) {
    test(`${name} ${JSON.stringify(more)}`, () => {
      const [got, why] = row(name, more);
      assert.equal(got, state);
      assert.match(why ?? "", because);
    });
  }
});

test("the score counts every row, without options of an unknown kernel and settings of other architectures", () => {
  const report = hardeningReport({ ...facts, harden: strict });
  const sum =
    Object.values(report.settings).reduce((total, count) => total + count, 0) +
    Object.values(report.options).reduce((total, count) => total + count, 0);
  assert.equal(sum, report.rows.length);
  const unknown = hardeningReport({ arch: "arm64", cmdline: "", harden: strict });
  assert.deepEqual([unknown.kernel, unknown.options, namesWith(unknown, "inert")], [undefined, { on: 0, off: 0, inert: 0, waived: 0 }, []]);
  assert.ok(!unknown.rows.some(({ name }) => name === "vsyscall"));
});
