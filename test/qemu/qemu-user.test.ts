import assert from "node:assert/strict";
import { test } from "node:test";
import { qemuArguments, type MachineSpec } from "../../providers/qemu/plugin/arguments.ts";
import { otherUser } from "../../providers/qemu/plugin/qemu-user.ts";

const as = (user: string | undefined, version = "7.2.22 (Debian 1:7.2)", ownId: number | undefined = 0) =>
  otherUser(version, user === undefined ? {} : { PULUMI_LINUXKIT_QEMU_USER: user }, ownId);

test("QEMU becomes the user of the variable, by the option that its version has", () => {
  for (const [user, version, want] of [
    ["nobody", "7.2.22 (Debian 1:7.2)", ["-runas", "nobody"]],
    ["nobody", "9.0.4", ["-runas", "nobody"]],
    ["nobody", "9.1.0", ["-run-with", "user=nobody"]],
    ["64055:994", "10.0.2 (Debian 1:10.0.2)", ["-run-with", "user=64055:994"]],
    ["libvirt-qemu", "11.0.0", ["-run-with", "user=libvirt-qemu"]],
    ["", "7.2.22", []],
    [undefined, "7.2.22", []],
  ] as const)
    assert.deepEqual(as(user, version), want, `${user} ${version}`);
});

test("a user that QEMU cannot become is refused", () => {
  for (const user of ["root", "0:0", "0:100", "a b", "-x", "user=x,y", "1000", "1000:x", "nobody\n"])
    assert.throws(
      () => as(user),
      { code: "INVALID_DEFINITION", message: /^PULUMI_LINUXKIT_QEMU_USER: got ".*", wanted the name of a user/ },
      user,
    );
  for (const ownId of [1000, undefined])
    assert.throws(() => otherUser("9.1.0", { PULUMI_LINUXKIT_QEMU_USER: "nobody" }, ownId), { code: "UNSUPPORTED", message: /only root/ });
});

test("the filter of system calls lets QEMU change its user only where it is told to", () => {
  const spec: MachineSpec = {
    arch: "amd64",
    accelerator: "tcg",
    name: "linuxkit-web",
    kernel: "kernel",
    initrd: "initrd",
    cmdline: "",
    memoryMiB: 256,
    cpus: 1,
    publish: [],
    disks: [],
    firmware: [],
    sandbox: true,
  };
  assert.match(qemuArguments(spec).join(" "), /elevateprivileges=deny/);
  assert.match(qemuArguments({ ...spec, runAs: ["-runas", "nobody"] }).join(" "), /elevateprivileges=allow.*spawn=deny.* -runas nobody/);
});
