import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { imageLayout, labelled } from "../support/image-layout.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const SDK = pathToFileURL(fileURLToPath(new URL("../../sdk/index.ts", import.meta.url))).href;
const folder = mkdtempSync(join(tmpdir(), "cli-audit-"));
after(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, "audit", ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

write("config", "# Linux/x86 6.1.192 Kernel Configuration\nCONFIG_HARDENED_USERCOPY=y\nCONFIG_SLS=y\n");
write(
  "os.ts",
  `import { debian, Image, Kernel, Service } from ${JSON.stringify(SDK)};
export const os = new Image({
  kernel: new Kernel({ image: debian.kernel() }), init: [debian.init()], harden: { profile: "strict", waive: { nosmt: "one thread on each core" } },
  services: [new Service("web", { image: debian.packages({ packages: ["busybox-static"] }), pid: "host" })],
});`,
);
const image = await imageLayout(join(folder, "image"), [[]], labelled({ capabilities: ["all"], pid: "host" }));
write(
  "label.ts",
  `import { Image, Service } from ${JSON.stringify(SDK)};
export const os = new Image({ services: [
  new Service("closed", { image: ${JSON.stringify(image)}, command: ["/x"] }),
  new Service("open", { image: ${JSON.stringify(image)}, command: ["/x"], label: "allow" }),
]});`,
);
write("os.yml", `services:\n  - name: web\n    image: ${JSON.stringify(image)}\n  - name: gone\n    image: oci:nowhere:1\n`);
write("waive.json", JSON.stringify([{ rule: "host-namespace", path: "services.web", reason: "it is the debugger", until: "2999-12-31" }]));
write("object.json", "{}");

describe("audit", () => {
  test("prints sections, settings and both scores for the kernel's configuration; a mandatory finding exits with 1", () => {
    const { status, stdout, stderr } = run("os.ts", "--kernel-config", "config");
    assert.equal(status, 1);
    assert.match(stderr, /^POLICY_VIOLATED: 1 mandatory finding in os\.ts\n$/);
    assert.match(stdout, /^4\.4\.3 {2}insecure container runtime configurations: 2 found$/m);
    assert.match(stdout, /^ {7}mandatory: services\.web\.pid: .*; leave out pid \(SP 800-190 4\.4\.3, host-namespace\)$/m);
    assert.match(stdout, /^inert +kfence\.sample_interval=100 +the kernel was built without CONFIG_KFENCE$/m);
    assert.match(stdout, /^waived +nosmt +one thread on each core$/m);
    for (const profile of ["default", "strict"]) {
      assert.match(
        stdout,
        new RegExp(
          `^KSPP, profile ${profile}, amd64: \\d+ on, \\d+ off, \\d+ set but inert, 1 waived of the settings; Linux 6\\.1\\.192: \\d+ on, \\d+ off of the kernel's options$`,
          "m",
        ),
      );
    }
  });

  test("a waived finding does not fail the audit, and --json prints findings, waivers and settings", () => {
    const { status, stdout } = run("os.ts", "--kernel-config", "config", "--waive", "waive.json", "--json");
    assert.equal(status, 0);
    const { findings, waived, hardening } = JSON.parse(stdout);
    assert.deepEqual(
      [findings.map(({ level }: { level: string }) => level), waived[0].waiver.reason, hardening.settings.waived],
      [["advisory", "advisory"], "it is the debugger", 1],
    );
  });

  test("reads the labels of images that count as a whole", () => {
    const { findings } = JSON.parse(run("label.ts", "--json").stdout) as { findings: { rule: string; path: string }[] };
    const found = findings.filter(({ rule }) => ["image-label", "dangerous-capability", "host-namespace"].includes(rule));
    assert.deepEqual(
      found.map(({ path }) => path),
      ["services.open.label", "services.open.capabilities[0]", "services.open.pid"],
    );
    const yaml = run("os.yml");
    assert.match(yaml.stdout, /services\.web\.image: its label adds capabilities \["all"\], pid "host";/);
    assert.match(yaml.stdout, /services\.gone\.image: its label was not read;/);
    assert.match(yaml.stderr, /services\.gone\.image: its label was not read: .*nowhere/);
  });

  const WRONG: readonly (readonly [string[], number, RegExp])[] = [
    [[], 2, /got 0 files, wanted one/],
    [["os.ts", "--kernel-config", "none"], 1, /NOT_FOUND: cannot read .*none/],
    [["os.ts", "--kernel-config", "config", "--waive", "os.ts"], 1, /INVALID_DEFINITION: os\.ts: not JSON, wanted a JSON list of/],
    [["os.ts", "--kernel-config", "config", "--waive", "object.json"], 1, /INVALID_DEFINITION: object\.json: not a list of waivers/],
    [["os.ts", "--kernel-config", "config", "--verify", "ghcr.io"], 2, /--verify: got "ghcr\.io", wanted NAME=FILE/],
  ];
  for (const [args, status, says] of WRONG) {
    test(`refuses ${args.join(" ") || "no file"}`, () => {
      const ended = run(...args);
      assert.match(ended.stderr, says);
      assert.equal(ended.status, status);
    });
  }
});
