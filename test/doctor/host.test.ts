import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { chooseAccelerator, type HostFacts } from "../../providers/qemu/plugin/accelerator.ts";
import { examine } from "../../sdk/doctor/examine.ts";
import { type HostNeeds, machineChecks, updateChecks } from "../../sdk/doctor/host.ts";

const home = mkdtempSync(join(tmpdir(), "doctor-host-"));
after(() => rmSync(home, { recursive: true }));

/** A program of the host that prints one line. */
function program(folder: string, name: string, line: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\necho '${line}'\n`);
  chmodSync(join(folder, name), 0o755);
}

const bin = join(home, "bin");
program(bin, "pulumi", "v3.259.0");
program(bin, "qemu-system-x86_64", "QEMU emulator version 7.2.22");
program(bin, "qemu-system-s390x", "QEMU emulator version 7.2.22");
const project = join(home, "project");
program(join(project, "node_modules/pulumi-linuxkit/bin"), "pulumi-resource-linuxkit", "");
const yaml = (text: string, folder = project) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "Pulumi.yaml"), `name: web\nruntime: nodejs\n${text}`);
};
const STANZA = "plugins:\n  providers:\n    - { name: linuxkit, path: node_modules/pulumi-linuxkit/bin }\n";
yaml(STANZA);

const facts =
  (more: Partial<HostFacts> = {}) =>
  async (): Promise<HostFacts> => ({
    platform: "linux",
    arch: "amd64",
    bootId: "1",
    qemuVersion: "7",
    kvm: true,
    ...more,
  });
const GOOD: HostNeeds = {
  arch: "amd64",
  memoryMiB: 256,
  projectDir: project,
  node: "24.1.0",
  env: { PATH: bin, PULUMI_LINUXKIT_CACHE: join(home, "cache"), PULUMI_LINUXKIT_STATE: join(home, "state") },
  facts: facts(),
  memory: { free: 2 ** 31, total: 2 ** 32 },
};
const found = async (more: Partial<HostNeeds>) => {
  const needs = { ...GOOD, ...more };
  return examine([...updateChecks(needs), ...machineChecks(needs)], AbortSignal.timeout(60_000));
};

test("a kernel that did not boot under the candidate is a warning, as a machine is emulated then", async () => {
  const cacheDir = join(home, "probed");
  const host = await facts()();
  for (const works of [false, true]) {
    const qemuVersion = works ? "works" : "fails";
    await chooseAccelerator("amd64", { ...host, qemuVersion }, cacheDir, async () => works);
    const findings = await found({ env: { ...GOOD.env, PULUMI_LINUXKIT_CACHE: cacheDir }, facts: facts({ qemuVersion }) });
    const { level, says, remedy } = findings.find(({ subject }) => subject === "acceleration") ?? {};
    assert.equal(level, works ? "ok" : "warning");
    assert.match(`${says}`, works ? /^kvm for amd64$/ : /^none: no kernel boots under kvm here/);
    assert.match(`${remedy}`, works ? /^undefined$/ : /nested virtualization/);
  }
});

test("a good host has no problem, and nothing is created on it", async () => {
  const findings = await found({});
  assert.deepEqual(
    // the host of the tests need not have firmware, and no shell script is a QEMU that filters
    findings.filter(({ level, subject }) => level !== "ok" && !["UEFI", "sandbox"].includes(subject)),
    [],
  );
  for (const subject of ["node", "pulumi", "pulumi-resource-linuxkit", "acceleration", "memory", "cache", "state"])
    assert.ok(
      findings.some((finding) => finding.subject === subject),
      subject,
    );
  assert.throws(() => rmSync(join(home, "cache")), { code: "ENOENT" });
});

describe("each problem of a host is found, with what to do", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  const bare = join(home, "bare");
  yaml("", bare);
  const moved = join(home, "moved");
  yaml(STANZA, moved);
  const alone = join(home, "alone");
  program(alone, "pulumi", "v3");
  const broken = join(home, "broken");
  program(broken, "qemu-system-x86_64", "QEMU emulator version 7.2.22");
  mkdirSync(join(home, "nowhere"));
  writeFileSync(join(broken, "pulumi"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(broken, "pulumi"), 0o755);
  const rows: readonly (readonly [what: string, needs: Partial<HostNeeds>, level: string, said: RegExp, remedy: RegExp])[] = [
    ["an old Node", { node: "20.20.2" }, "refused", /node {2}pulumi-linuxkit needs Node 22\.15/, /install Node 22\.15/],
    ["no engine", { env: { ...GOOD.env, PATH: "" } }, "refused", /pulumi {2}is not on PATH/, /install Pulumi/],
    ["an engine that does not run", { env: { ...GOOD.env, PATH: broken } }, "refused", /does not run/, /install Pulumi/],
    [
      "no QEMU",
      { env: { ...GOOD.env, PATH: alone } },
      "refused",
      /qemu-system-x86_64 {2}.* not on PATH/,
      /apt-get install qemu-system-x86/,
    ],
    ["no /dev/kvm", { facts: facts({ kvm: false }) }, "warning", /\/dev\/kvm {2}this user cannot open it/, /group kvm/],
    ["another architecture", { arch: "s390x" }, "warning", /acceleration {2}none: s390x is emulated/, /slower/],
    ["too little memory", { memoryMiB: 5000 }, "refused", /2048 of 4096 MiB are free, the machines want 5000/, /lower memoryMiB/],
    ["little free memory", { memoryMiB: 3000 }, "warning", /2048 of 4096 MiB are free/, /end other programs/],
    ["no plugin stanza", { projectDir: bare }, "refused", /names no plugin linuxkit/, /plugins: \{ providers/],
    ["a plugin that is not installed", { projectDir: moved }, "refused", /plugin linuxkit is not in/, /npm install/],
    [
      "a cache that is a file",
      { env: { ...GOOD.env, PULUMI_LINUXKIT_CACHE: join(file, "cache") } },
      "refused",
      /cache {2}cannot write/,
      /set PULUMI_LINUXKIT_CACHE/,
    ],
  ];
  for (const [what, needs, level, said, remedy] of rows)
    test(what, async () => {
      const lines = (await found(needs)).map((finding) => ({ ...finding, line: `${finding.subject}  ${finding.says}` }));
      const [finding] = lines.filter(({ line }) => said.test(line));
      assert.ok(finding, JSON.stringify(lines, null, 1));
      assert.equal(finding.level, level);
      assert.match(finding.remedy ?? "", remedy);
    });
});
