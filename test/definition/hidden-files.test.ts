import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { debian } from "../../sdk/debian/images.ts";
import { MOUNTED } from "../../sdk/definition/hidden-files.ts";
import { MOUNT_POINTS } from "../../sdk/guest/files.ts";
import { checkImageBuild } from "../../sdk/resource/plugin/check-image-build.ts";
import { File, Image, Service } from "../../sdk/index.ts";

const init = [debian.init()];
const machine = (path: string, args: object = { contents: "x" }) => new Image({ init, files: [new File(path, args as never)] });
const WANTED = "wanted a path outside of /dev, /mnt, /proc, /run, /sys, /tmp, /var, or a file of a container's image";

test("the guest's init mounts over the folders of the check", () => assert.deepEqual(MOUNTED, MOUNT_POINTS));

describe("a file that something is mounted over is refused", () => {
  for (const [path, top] of [
    ["/var/lib/app/data", "var"],
    ["run/x", "run"],
    ["//tmp/./x", "tmp"],
    ["/mnt/x", "mnt"],
    ["/dev/x", "dev"],
    ["/proc/x", "proc"],
    ["/sys/x", "sys"],
    ["/var", "var"],
  ] as const) {
    const says = `path: got "${path}", which is hidden in the machine, whose init mounts another filesystem over /${top}: ${WANTED}`;
    for (const args of [{ contents: "x" }, { directory: true }, { symlink: "/etc" }, { source: "a" }])
      test(`${path} ${JSON.stringify(args)}`, () =>
        assert.throws(
          () => machine(path, args),
          ({ message }: Error) => message.startsWith("files") && message.endsWith(says),
        ));
  }
  test("in the image of a container", () => {
    const image = debian.packages({
      packages: ["bash"],
      files: [
        { path: "etc/x", contents: "" },
        { path: "dev/x", contents: "" },
      ],
    });
    assert.throws(() => new Image({ services: [new Service("a", { image })] }), {
      code: "INVALID_DEFINITION",
      message:
        /^services\.a\.image\.debian\.files\[1\]\.path: got "dev\/x", which is hidden in the container, where another filesystem is mounted over \/dev: wanted another path$/,
    });
  });
  test("as the place of the SPDX document", () => {
    const check = (path: string) => checkImageBuild({ image: machine("/etc/x").spec as never, sbom: { path } }, "os").failures ?? [];
    assert.deepEqual(
      check("/var/lib/sbom.json").map(({ path, message }) => `${path}: ${message}`),
      [`sbom.path: got "/var/lib/sbom.json", which is hidden in the machine, whose init mounts another filesystem over /var: ${WANTED}`],
    );
    assert.deepEqual(check("/usr/share/sbom.json"), []);
  });
});

describe("a file that stays is taken", () => {
  for (const path of ["/etc/x", "/variable/x", "/usr/var/x", "/devices"]) test(path, () => assert.ok(machine(path)));
  test("below /var with another init, which may mount nothing there", () =>
    assert.ok(new Image({ init: ["linuxkit/init:1"], files: [new File("/var/x", { contents: "" })] })));
  test("the mount points of a container, as folders", () =>
    assert.ok(debian.packages({ packages: ["bash"], files: [{ path: "dev", directory: true }] })));
});
