import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UNKNOWN, type Properties } from "../../sdk/plugin/value.ts";
import { checkVm } from "../../providers/qemu/plugin/check-vm.ts";

const GOOD: Properties = { kernel: "/k", initrd: "/i", digest: "sha256:0", cmdline: "quiet" };

describe("the inputs of a machine", () => {
  test("get their defaults", () => {
    const { inputs, failures } = checkVm({ ...GOOD, publish: ["8080:80"], secrets: {} });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, {
      ...GOOD,
      arch: "amd64",
      memoryMiB: 256,
      cpus: 1,
      publish: ["127.0.0.1:8080:80/tcp"],
      disks: [],
      waitForHealth: true,
    });
  });

  test("may all be unknown", () => {
    const unknown: Properties = Object.fromEntries(
      [
        "arch",
        "kernel",
        "initrd",
        "root",
        "digest",
        "cmdline",
        "memoryMiB",
        "cpus",
        "publish",
        "outbound",
        "disks",
        "network",
        "hosts",
        "waitForHealth",
        "userData",
        "secrets",
      ].map((name): [string, typeof UNKNOWN] => [name, UNKNOWN]),
    );
    const { inputs, failures } = checkVm(unknown);
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, unknown);
  });

  test("may give a disk the serial of the root, without a root", () => {
    assert.deepEqual(checkVm({ ...GOOD, disks: [{ path: "/d", serial: "root", format: "raw" }] }).failures, []);
  });

  test("may be a boot disk, which gets more memory by default", () => {
    const { inputs, failures } = checkVm({ disk: "/d", diskFormat: "qcow2", digest: "sha256:0" });
    assert.deepEqual(failures, []);
    assert.equal(inputs.memoryMiB, 512);
    assert.ok(!("kernel" in inputs || "initrd" in inputs));
    assert.equal(checkVm({ disk: "/d", digest: "sha256:0", memoryMiB: 1024 }).inputs.memoryMiB, 1024);
  });

  test("may be the unknown files of an image that is not built yet", () => {
    const given: Properties = {
      digest: UNKNOWN,
      cmdline: UNKNOWN,
      arch: "s390x",
      ...Object.fromEntries(["kernel", "initrd", "root", "disk", "diskFormat"].map((name): [string, typeof UNKNOWN] => [name, UNKNOWN])),
    };
    const { inputs, failures } = checkVm(given);
    assert.deepEqual(failures, []);
    assert.equal(inputs.memoryMiB, UNKNOWN);
    assert.equal(checkVm({ ...given, memoryMiB: 192 }).inputs.memoryMiB, 192);
  });

  test("may be unknown in part", () => {
    const given: Properties = {
      ...GOOD,
      publish: ["0:80", UNKNOWN],
      disks: [{ path: UNKNOWN, serial: UNKNOWN, format: UNKNOWN }, UNKNOWN],
      secrets: { web: { key: UNKNOWN }, db: UNKNOWN },
    };
    assert.deepEqual(checkVm(given).failures, []);
  });

  const disk = { path: "/d", serial: "data", format: "raw" };
  const bad: [given: Properties, path: string, message: RegExp][] = [
    [{ kernel: undefined }, "kernel", /missing, wanted the path/],
    [{ initrd: "" }, "initrd", /got "", wanted the path/],
    [{ root: "" }, "root", /got "", wanted the path/],
    [{ root: "/r", disks: [{ ...disk, serial: "root" }] }, "disks[0].serial", /got "root", which the disk that is booted has/],
    [{ disk: "/d", initrd: undefined, cmdline: "" }, "kernel", /got a file beside disk/],
    [{ disk: "/d", kernel: undefined, initrd: undefined }, "cmdline", /got "quiet", wanted no command line beside disk/],
    [{ disk: "", kernel: undefined, initrd: undefined, cmdline: "" }, "disk", /got "", wanted the path/],
    [
      { disk: "/d", kernel: undefined, initrd: undefined, cmdline: "", diskFormat: "vmdk" },
      "diskFormat",
      /got "vmdk", wanted "raw" or "qcow2"/,
    ],
    [{ diskFormat: "raw" }, "diskFormat", /wanted disk beside it/],
    [{ disk: "/d", kernel: undefined, initrd: undefined, cmdline: "", arch: "s390x" }, "disk", /a machine of "s390x" has no UEFI/],
    [
      { disk: "/d", kernel: undefined, initrd: undefined, cmdline: "", disks: [{ ...disk, serial: "root" }] },
      "disks[0].serial",
      /which the disk that is booted has/,
    ],
    [{ arch: "x86_64" }, "arch", /got "x86_64", wanted one of "amd64", "arm64", "s390x"/],
    [{ memoryMiB: 16 }, "memoryMiB", /got 16, wanted a whole number of MiB from 32 to/],
    [{ memoryMiB: 256.5 }, "memoryMiB", /got 256.5/],
    [{ memoryMiB: "256" }, "memoryMiB", /got "256"/],
    [{ cpus: 0 }, "cpus", /got 0, wanted a whole number of processors/],
    [{ waitForHealth: "yes" }, "waitForHealth", /wanted true or false/],
    [{ memory: 256 }, "memory", /unknown property: it is called "memoryMiB" here/],
    [{ publish: "8080:80" }, "publish", /wanted a list/],
    [
      { outbound: false, publish: ["8080:80", "5353:53/udp"] },
      "outbound",
      /got false beside the published port "127.0.0.1:5353:53\/udp", which would not answer/,
    ],
    [{ publish: ["8080:80", "nope"] }, "publish[1]", /got "nope", wanted \[ADDRESS:\]HOST:GUEST/],
    [{ publish: [8080] }, "publish[0]", /got 8080/],
    [{ publish: ["8080:80", "0.0.0.0:8080:81"] }, "publish[1]", /port 8080 is published already/],
    [{ disks: {} }, "disks", /wanted a list/],
    [{ disks: ["/d"] }, "disks[0]", /got "\/d", wanted an object \{ path, format, serial, readOnly\? \}/],
    [{ disks: [{ ...disk, path: undefined }] }, "disks[0].path", /missing, wanted the path/],
    [{ disks: [{ ...disk, format: "vmdk" }] }, "disks[0].format", /wanted "raw" or "qcow2"/],
    [{ disks: [{ ...disk, serial: "a serial of more than twenty" }] }, "disks[0].serial", /wanted 1 to 20/],
    [{ disks: [disk, disk] }, "disks[1].serial", /another disk has/],
    [{ userData: 1 }, "userData", /got 1, wanted a string: put it in quotes/],
    [{ arch: "s390x", userData: "x" }, "userData", /no firmware device/],
    [{ secrets: { web: "x" } }, "secrets.web", /got a secret, wanted an object/],
    [{ secrets: { web: { "a/b": "x" } } }, "secrets.web.a/b", /got "a\/b" as a name, wanted letters/],
    [
      { secrets: { web: { "a-name-of-thirty-and-more-bytes": "x" } } },
      "secrets.web.a-name-of-thirty-and-more-bytes",
      /34 bytes together, wanted at most 33/,
    ],
    [{ secrets: { web: { key: 1 } } }, "secrets.web.key", /got a secret, wanted a string/],
  ];
  for (const [given, path, message] of bad) {
    test(`${path}: ${message.source}`, () => {
      const { failures = [] } = checkVm({ ...GOOD, ...given });
      assert.deepEqual(
        failures.map((failure) => failure.path),
        [path],
      );
      assert.match(failures[0]?.message ?? "", message);
    });
  }

  test("no message shows the value of a secret", () => {
    const { failures = [] } = checkVm({ ...GOOD, secrets: { web: { "a b": "hush-hush", c: { d: "hush-hush" } } } });
    assert.equal(failures.length, 2);
    assert.ok(!JSON.stringify(failures).includes("hush-hush"));
  });
});
