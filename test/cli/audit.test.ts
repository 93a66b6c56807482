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
  test("--vulnerabilities: the known faults of an SBOM or a lock, and their waivers; one that a version mends exits with 1", () => {
    write("plain.ts", `import { Image } from ${JSON.stringify(SDK)};\nexport const os = new Image({});\n`);
    const affected = [
      {
        package: { ecosystem: "Debian:12", name: "openssl" },
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "4" }] }],
      },
    ];
    write("osv.json", JSON.stringify({ id: "DSA-1-1", summary: "a fault", affected }));
    write("accept.json", JSON.stringify([{ advisory: "DSA-1-1", reason: "not reachable", until: "2999-12-31" }]));
    const source = { name: "openssl", version: "3" };
    write(
      "lock.json",
      JSON.stringify({ version: 1, arch: "amd64", images: {}, debian: { key: { packages: [{ name: "libssl3", version: "3", source }] } } }),
    );
    const purl = "pkg:deb/debian/libssl3@3?arch=amd64&distro=debian-12&upstream=openssl";
    write(
      "sbom.json",
      JSON.stringify({ spdxVersion: "SPDX-2.3", packages: [{ externalRefs: [{ referenceType: "purl", referenceLocator: purl }] }] }),
    );
    for (const from of [
      ["--lock", "lock.json"],
      ["--sbom", "sbom.json"],
    ] as const) {
      const { status, stdout, stderr } = run("plain.ts", "--vulnerabilities", "osv.json", ...from);
      assert.deepEqual([status, stderr], [1, "POLICY_VIOLATED: 1 mandatory finding in plain.ts\n"]);
      assert.match(stdout, /^known faults: 1 found, 0 waived\n {7}mandatory: DSA-1-1 of openssl 3 \(libssl3\): a fault; 4 mends it$/m);
    }
    const waived = run("plain.ts", "--vulnerabilities", "osv.json", "--lock", "lock.json", "--waive", "accept.json");
    assert.equal(waived.status, 0, waived.stderr);
    assert.match(waived.stdout, /^ {7}waived until 2999-12-31: DSA-1-1 of openssl 3 .*: not reachable$/m);
    const json = run("plain.ts", "--vulnerabilities", "osv.json", "--lock", "lock.json", "--json");
    assert.equal(JSON.parse(json.stdout).vulnerabilities.findings[0].fixed, "4");
    for (const [args, want] of [
      [["--vulnerabilities", "osv.json"], /^--vulnerabilities: got neither --sbom nor --lock, wanted one/],
      [["--lock", "lock.json"], /^--vulnerabilities is missing: /],
      [["--waive", "accept.json"], /^--vulnerabilities is missing: /],
    ] as const) {
      const wrong = run("plain.ts", ...args);
      assert.deepEqual([wrong.status, wrong.stdout], [2, ""]);
      assert.match(wrong.stderr, want);
    }
  });

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
