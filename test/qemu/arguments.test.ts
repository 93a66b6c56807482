import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type MachineSpec, machineCmdline, qemuArguments } from "../../providers/qemu/plugin/arguments.ts";

const SPEC: MachineSpec = {
  arch: "amd64",
  accelerator: "tcg",
  name: "linuxkit-web",
  kernel: "kernel",
  initrd: "initrd",
  cmdline: "quiet",
  memoryMiB: 256,
  cpus: 2,
  publish: [],
  disks: [],
  firmware: [],
  monitor: "monitor.sock",
};

/** Value of the nth occurrence of an option. */
function argumentOf(args: readonly string[], option: string, nth = 0): string | undefined {
  return args.filter((_, index) => args[index - 1] === option)[nth];
}

describe("QEMU's arguments", () => {
  const arches: [arch: MachineSpec["arch"], machine: string, cpu: string, console: string, network: string][] = [
    ["amd64", "q35", "max", "-serial chardev:console", "virtio-net-pci,netdev=net,romfile="],
    ["arm64", "virt", "cortex-a57", "-serial chardev:console", "virtio-net-pci,netdev=net,romfile="],
    ["s390x", "s390-ccw-virtio", "max", "-device sclpconsole,chardev=console", "virtio-net-ccw,netdev=net"],
  ];
  for (const [arch, machine, cpu, console, network] of arches) {
    test(`for ${arch}`, () => {
      const args = qemuArguments({ ...SPEC, arch });
      assert.equal(argumentOf(args, "-machine"), machine);
      assert.equal(argumentOf(args, "-cpu"), cpu);
      assert.equal(argumentOf(args, "-accel"), "tcg,thread=multi");
      assert.ok(args.join(" ").includes(console));
      assert.ok(args.includes(network));
    });
    test(`for ${arch} in a network of its stack`, () => {
      const args = qemuArguments({ ...SPEC, arch, lan: { socket: "../../networks/a,b/switch", mac: "02:00:0a:4d:00:0b" } });
      assert.deepEqual(JSON.parse(args[args.lastIndexOf("-netdev") + 1] ?? ""), {
        ...{ type: "stream", id: "lan", server: false },
        addr: { type: "unix", path: "../../networks/a,b/switch" },
      });
      const { driver, netdev, mac } = JSON.parse(args[args.lastIndexOf("-device") + 1] ?? "");
      assert.deepEqual([driver, netdev, mac], [network.split(",")[0], "lan", "02:00:0a:4d:00:0b"]);
    });
    test(`for ${arch} with KVM`, () => {
      const args = qemuArguments({ ...SPEC, arch, accelerator: "kvm" });
      assert.deepEqual([argumentOf(args, "-accel"), argumentOf(args, "-cpu")], ["kvm", "host"]);
    });
  }

  test("only a machine without ACPI has a keyboard, for its power button", () => {
    for (const arch of ["amd64", "arm64", "s390x"] as const)
      assert.equal(qemuArguments({ ...SPEC, arch }).includes("virtio-keyboard-pci"), arch === "arm64");
  });

  test("set memory and processors, and add no defaults", () => {
    const args = qemuArguments(SPEC);
    assert.deepEqual([argumentOf(args, "-m"), argumentOf(args, "-smp"), argumentOf(args, "-display")], ["256M", "2", "none"]);
    for (const flag of ["-nodefaults", "-no-user-config", "-no-reboot"]) assert.ok(args.includes(flag));
    for (const option of ["-fw_cfg", "-blockdev"]) assert.ok(!args.includes(option));
  });

  test("a boot disk replaces the kernel, is read-only and last, and the firmware's variables stay unchanged", () => {
    const { kernel: _, initrd: __, ...spec } = SPEC;
    const data = { path: "/data", format: "raw", serial: "data" } as const;
    const args = qemuArguments({
      ...spec,
      disks: [data],
      boot: { disk: { path: "disk", format: "qcow2", serial: "root", readOnly: true }, efi: { code: "/code", variables: "/variables" } },
    });
    for (const option of ["-kernel", "-initrd", "-append"]) assert.ok(!args.includes(option), option);
    assert.deepEqual(
      [argumentOf(args, "-drive"), argumentOf(args, "-drive", 1)],
      ["if=pflash,format=raw,unit=0,readonly=on,file=/code", "if=pflash,format=raw,unit=1,snapshot=on,file=/variables"],
    );
    const [first, second] = [0, 1].map((nth) => JSON.parse(argumentOf(args, "-blockdev", nth) ?? "{}"));
    assert.deepEqual(
      [first["node-name"], first["read-only"], second["node-name"], second["read-only"], second.driver],
      ["disk0", false, "disk1", true, "qcow2"],
    );
    assert.ok(args.includes(JSON.stringify({ driver: "virtio-blk-pci", drive: "disk1", serial: "root", bootindex: 0 })));
  });

  test("one emulated processor gets a slot for a second, as QEMU 7 omits memory barriers without it", () => {
    const rows = [
      ["tcg", 1, "1,maxcpus=2"],
      ["tcg", 2, "2"],
      ["kvm", 1, "1"],
      ["hvf", 1, "1"],
    ] as const;
    for (const [accelerator, cpus, wanted] of rows)
      assert.equal(argumentOf(qemuArguments({ ...SPEC, accelerator, cpus }), "-smp"), wanted, accelerator);
  });

  test("published ports are forwarded from the given address", () => {
    const args = qemuArguments({
      ...SPEC,
      publish: [
        { address: "127.0.0.1", hostPort: 8080, guestPort: 80, protocol: "tcp" },
        { address: "0.0.0.0", hostPort: 5353, guestPort: 53, protocol: "udp" },
      ],
    });
    assert.equal(argumentOf(args, "-netdev"), "user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:5353-:53");
  });

  test("a guest that opens no connection reaches nothing but what answers it", () => {
    const args = qemuArguments({
      ...SPEC,
      outbound: false,
      publish: [{ address: "127.0.0.1", hostPort: 1, guestPort: 2, protocol: "tcp" }],
    });
    assert.equal(argumentOf(args, "-netdev"), "user,id=net,ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:1-:2");
  });

  test("QEMU's own system calls are filtered where it can", () => {
    assert.equal(argumentOf(qemuArguments(SPEC), "-sandbox"), undefined);
    const sandbox = argumentOf(qemuArguments({ ...SPEC, sandbox: true }), "-sandbox");
    assert.equal(sandbox, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  });

  test("a disk's path may contain option separators", () => {
    const args = qemuArguments({
      ...SPEC,
      disks: [
        { path: '/a,b="c".img', format: "raw", serial: "data" },
        { path: "/d", format: "qcow2", serial: "seed", readOnly: true },
      ],
    });
    const node = JSON.parse(argumentOf(args, "-blockdev") as string);
    assert.deepEqual([node["node-name"], node.driver, node.file.filename, node["read-only"]], ["disk0", "raw", '/a,b="c".img', false]);
    const second = JSON.parse(argumentOf(args, "-blockdev", 1) as string);
    assert.deepEqual([second["node-name"], second.driver, second["read-only"]], ["disk1", "qcow2", true]);
    const devices = args.filter((argument) => argument.includes("virtio-blk-pci")).map((argument) => JSON.parse(argument));
    assert.deepEqual(devices, [
      { driver: "virtio-blk-pci", drive: "disk0", serial: "data" },
      { driver: "virtio-blk-pci", drive: "disk1", serial: "seed" },
    ]);
  });

  test("firmware values are in files, not in the arguments, which every user can read", () => {
    const firmware = [
      { name: "opt/linuxkit/nonce", file: "firmware-0" },
      { name: "opt/linuxkit/secrets/web/key", file: "firmware-1" },
    ];
    const args = qemuArguments({ ...SPEC, firmware });
    assert.equal(argumentOf(args, "-fw_cfg"), "name=opt/linuxkit/nonce,file=firmware-0");
    assert.equal(argumentOf(args, "-fw_cfg", 1), "name=opt/linuxkit/secrets/web/key,file=firmware-1");
    assert.ok(!qemuArguments({ ...SPEC, firmware, arch: "s390x" }).includes("-fw_cfg"));
  });

  const cmdlines: [arch: MachineSpec["arch"], given: string, full: string][] = [
    ["amd64", "", "console=ttyS0 panic=-1 no_timer_check"],
    ["arm64", "quiet", "quiet console=ttyAMA0 panic=-1"],
    ["s390x", "quiet", "quiet console=ttysclp0 panic=-1"],
    ["amd64", "console=tty0 panic=10", "console=tty0 panic=10 console=ttyS0 no_timer_check"],
    ["amd64", "console=tty0 console=ttyS0,115200n8", "console=tty0 console=ttyS0,115200n8 panic=-1 no_timer_check"],
    ["arm64", "console=ttyS0", "console=ttyS0 console=ttyAMA0 panic=-1"],
    ["s390x", "console=ttyS0 console=ttyAMA0", "console=ttyS0 console=ttyAMA0 console=ttysclp0 panic=-1"],
    ["amd64", " console=ttyS0  a=b ", "console=ttyS0 a=b panic=-1 no_timer_check"],
  ];
  for (const [arch, given, full] of cmdlines) {
    test(`the kernel command line for ${arch}: ${JSON.stringify(given)}`, () => assert.equal(machineCmdline(arch, given), full));
  }
});
