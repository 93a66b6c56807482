import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import type { VmOutputs } from "../../providers/qemu/plugin/vm-outputs.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { recordingBuilder } from "../support/builder.ts";
import { UNKNOWN, type Properties } from "../../sdk/plugin/value.ts";

const scratch = await mkdtemp(join(tmpdir(), "qemu-vm-"));
after(() => rm(scratch, { recursive: true, force: true }));
const type = qemuVm({ stateDir: join(scratch, "state"), cacheDir: join(scratch, "cache") });
const subject = { urn: "urn:pulumi:dev::shop::linuxkit:index:QemuVm::web", name: "web" };
const OLD: VmInputs = {
  arch: "amd64",
  kernel: "/k",
  initrd: "/i",
  cmdline: "quiet",
  digest: "sha256:0",
  memoryMiB: 256,
  cpus: 1,
  publish: [],
  disks: [],
  waitForHealth: true,
};
const OUTPUTS: VmOutputs = { running: true, pid: 1, bootId: "b", consoleLog: "/c", ports: {}, url: "", accelerator: "tcg" };
const DISK = { path: "/d", serial: "data", format: "raw" } as const;

describe("changed inputs of a machine", () => {
  const diff = async (changes: Properties, old: Partial<VmInputs> = {}, outputs: Partial<VmOutputs> = {}) =>
    type.diff?.({
      ...subject,
      id: "web-1",
      inputs: { ...OLD, ...old, ...changes } as unknown as Properties,
      oldInputs: { ...OLD, ...old },
      oldOutputs: { ...OUTPUTS, ...outputs },
    });

  const rows: [changes: Properties, changed: Record<string, string>][] = [
    [{}, {}],
    // the paths of files do not matter, only their digest
    [{ kernel: "/elsewhere/k", initrd: "/elsewhere/i" }, {}],
    [{ kernel: UNKNOWN, initrd: UNKNOWN }, {}],
    [{ root: UNKNOWN, disk: UNKNOWN, diskFormat: UNKNOWN }, {}],
    [{ digest: "sha256:1" }, { digest: "replace" }],
    [{ digest: UNKNOWN }, { digest: "replace" }],
    [
      { memoryMiB: 512, cpus: 2 },
      { memoryMiB: "replace", cpus: "replace" },
    ],
    [{ publish: ["127.0.0.1:8080:80/tcp"] }, { "publish[0]": "update" }],
    [{ disks: [DISK] }, { "disks[0]": "update" }],
    [{ userData: "x" }, { userData: "replace" }],
    [{ secrets: { web: { key: "x" } } }, { secrets: "replace" }],
    [{ waitForHealth: false }, { waitForHealth: "update" }],
  ];
  for (const [changes, changed] of rows) {
    test(JSON.stringify(Object.keys(changes)), async () =>
      assert.deepEqual(Object.fromEntries((await diff(changes))?.changed ?? []), changed),
    );
  }

  // the old machine is stopped, and kept until the new one is healthy
  for (const [old, changes, changed] of [
    [{ disks: [DISK] }, { digest: "sha256:1" }, { digest: "update" }],
    [{ publish: ["127.0.0.1:8080:80/tcp"] }, { digest: UNKNOWN, memoryMiB: 512 }, { digest: "update", memoryMiB: "update" }],
    [{ disks: [DISK] }, { digest: "sha256:1", rollBack: false }, { digest: "replace", rollBack: "update" }],
  ] as const)
    test(`${JSON.stringify(old)}, then ${JSON.stringify(changes)}: ${JSON.stringify(changed)}`, async () =>
      assert.deepEqual(
        Object.fromEntries((await diff(changes as unknown as Properties, old as unknown as Partial<VmInputs>))?.changed ?? []),
        changed,
      ));

  const order: [old: Partial<VmInputs>, changes: Properties, first: boolean][] = [
    [{}, { memoryMiB: 512 }, false],
    [{ publish: ["127.0.0.1:8080:80/tcp"] }, { memoryMiB: 512 }, true],
    [{ disks: [DISK] }, { memoryMiB: 512 }, true],
    [{}, { publish: ["127.0.0.1:8080:80/tcp"] }, true],
    [{}, { publish: UNKNOWN }, true],
    [{ disks: [DISK] }, { disks: [] }, true],
  ];
  for (const [old, changes, first] of order) {
    test(`${JSON.stringify(old)} then ${JSON.stringify(Object.keys(changes))}: the old machine is deleted ${first ? "first" : "last"}`, async () => {
      assert.equal((await diff(changes, old))?.deleteBeforeReplace, first);
    });
  }

  test("a machine that refresh found dead is restarted", async () => {
    assert.deepEqual([...((await diff({}, {}, { running: false }))?.drifted ?? [])], [["running", "update"]]);
    assert.equal((await diff({}))?.drifted, undefined);
  });
});

describe("known outputs of a machine in a preview", () => {
  const rows: [publish: Properties["publish"], known: Properties][] = [
    [[], { running: true, ports: {}, url: "" }],
    [
      ["127.0.0.1:8080:80/tcp", "0.0.0.0:5353:53/udp"],
      { running: true, ports: { "80/tcp": 8080, "53/udp": 5353 }, url: "http://127.0.0.1:8080" },
    ],
    [["0.0.0.0:8080:80/tcp"], { running: true, ports: { "80/tcp": 8080 }, url: "http://127.0.0.1:8080" }],
    [["127.0.0.1:0:80/tcp"], { running: true }],
    [UNKNOWN, {}],
    [[UNKNOWN], {}],
  ];
  for (const [publish, known] of rows) {
    test(publish === UNKNOWN ? "nothing" : `${(publish as Properties[]).map(String)}`, async () => {
      const outputs = (await type.preview?.({ ...subject, inputs: { ...OLD, publish } as unknown as Properties })) ?? {};
      const wanted: Properties = {
        pid: UNKNOWN,
        bootId: UNKNOWN,
        consoleLog: UNKNOWN,
        accelerator: UNKNOWN,
        running: UNKNOWN,
        ports: UNKNOWN,
        url: UNKNOWN,
        ...known,
      };
      assert.deepEqual(outputs, wanted);
    });
  }
});

describe("a machine that cannot start", () => {
  const work = { ...subject, config: {}, timeoutSeconds: 60, progress: () => {}, signal: new AbortController().signal };

  test("without QEMU says how to install it", async () => {
    const path = process.env.PATH;
    process.env.PATH = scratch;
    try {
      await assert.rejects(type.create({ ...work, inputs: OLD }), {
        code: "TOOL_MISSING",
        message: /qemu-system-x86_64 is not on PATH: install it \(Debian and Ubuntu: apt-get install qemu-system-x86;/,
      });
    } finally {
      process.env.PATH = path;
    }
  });

  test("first rebuilds its image if the cache has lost it", async () => {
    const cacheDir = join(scratch, "cache");
    const builder = recordingBuilder();
    const image = { init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };
    const build = await imageBuildType(builder, cacheDir).create({
      ...work,
      inputs: { image, formats: ["kernel+initrd"], name: "web", arch: "amd64", update: "locked" },
    });
    const initrd = join(build.outputs.path, "web-initrd.img");
    await rm(initrd);
    const machines = qemuVm({ stateDir: join(scratch, "state"), cacheDir }, async () => builder);
    // the kernel is missing as well, so the start fails after the rebuild
    await assert.rejects(machines.create({ ...work, inputs: { ...OLD, initrd } }), { code: /NOT_FOUND|TOOL_MISSING/ });
    assert.equal((await stat(initrd)).size, build.outputs.files[0]?.size);
    assert.deepEqual(builder.calls[1]?.options.lock, build.outputs.lock);
  });

  test("leaves nothing", async () => {
    assert.equal(await type.read?.({ ...work, id: "web-1" }), undefined);
    await type.delete?.({ ...work, id: "web-1", inputs: OLD, outputs: OUTPUTS });
    assert.ok(!(await readdir(scratch)).includes("state"));
  });
});
