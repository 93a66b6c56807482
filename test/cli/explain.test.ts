import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { web } from "../review/definitions.ts";
import { imageLayout } from "../support/image-layout.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const SDK = pathToFileURL(fileURLToPath(new URL("../../sdk/index.ts", import.meta.url))).href;
const folder = mkdtempSync(join(tmpdir(), "cli-explain-"));
after(() => rmSync(folder, { recursive: true }));

const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` };
const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, "explain", ...args], { cwd: folder, encoding: "utf8", timeout: 60_000, env });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

write("os.yml", "services:\n  - name: web\n    image: nginx:1.27\n    capabilities:\n      - CAP_CHOWN\n      - CAP_NET_RAW\n");
write("ports.ts", 'export const publish = ["443:8443"];\n');
write(
  "os.ts",
  `import { File, Image, Service } from ${JSON.stringify(SDK)};
import { publish } from "./ports.ts";
export const os = new Image({
  services: [
    new Service("api", { image: "a:1", publish: ["80"] }),
    new Service("web", { image: "nginx:1.27", publish, health: { http: { port: 8443 } }, egress: [{ to: "any", port: 80 }] }),
  ],
  files: [new File("etc/motd", { contents: "hello" })],
});
`,
);
const initrd = await collect(writeCpio([fileEntry("containers/services/web/rootfs/bin/sh", "123", 0o755)]));
const build = (name: string, sha256: string): void => {
  const file = { role: "initrd", path: join(folder, "initrd"), size: initrd.length, sha256 };
  write(name, JSON.stringify({ lock: { version: 1, arch: "amd64", debian: {}, images: {} }, cmdline: "", segments: [], files: [file] }));
};
writeFileSync(join(folder, "initrd"), initrd);
build("build.json", createHash("sha256").update(initrd).digest("hex"));
build("old.json", "0".repeat(64));
const { spec } = web({}, { kernel: undefined, init: [], onboot: [] });
const deb = {
  name: "nginx-light",
  version: "1.22",
  architecture: "all",
  filename: "x",
  size: 1,
  sha256: "0".repeat(64),
  archive: "debian",
  keep: "slim",
};
const lock = { version: 1, arch: "amd64", images: {}, debian: { [sourceKey(spec.services["web"]?.image ?? "")]: { packages: [deb] } } };
const resource = {
  type: "linuxkit:index:ImageBuild",
  urn: "urn:pulumi:prod::p::linuxkit:index:ImageBuild::os",
  inputs: { image: spec },
  outputs: { lock },
};
write("state.json", JSON.stringify({ deployment: { resources: [resource] } }));
mkdirSync(join(folder, "bin"));
write("bin/pulumi", `#!/bin/sh\nexec cat ${join(folder, "state.json")}\n`);
chmodSync(join(folder, "bin/pulumi"), 0o755);
mkdirSync(join(folder, "image"));
await imageLayout(join(folder, "image"), [[fileEntry("etc/a", "1")]], {});

describe("explain", () => {
  for (const [args, want] of [
    [["os.yml", "CAP_NET_RAW"], /^services\.web: its processes may use it\n {2}from services\.web\.capabilities\[1\], os\.yml:6:9\n$/],
    [
      ["os.ts", "80"],
      /^services\.api: .*\n {2}from services\.api\.publish\[0\], os\.ts:5:50\nservices\.web: it may connect to any on it\n {2}from services\.web\.egress\[0\], os\.ts:6:17\n$/,
    ],
    // a value that another module has is found by the name of its part only
    [
      ["os.ts", "443"],
      /^services\.web: the machine's port 443\/tcp leads to its port 8443\n {2}from services\.web\.publish\[0\], os\.ts:6:17\n$/,
    ],
    [["os.ts", "/etc/motd"], /^files: a file of the OS itself\n {2}from files\[0\], os\.ts:8:20\n$/],
    [
      ["stack:prod", "nginx-light"],
      /^services\.web: the definition names it\n {2}from services\.web\.image\.debian\.packages\[0\]\n.*\n {2}package nginx-light 1\.22\n$/,
    ],
    [["os.ts", "/bin/sh", "--build", "build.json"], /^services\.web: a file of 3 bytes, mode 0755, owner 0:0\n$/],
    [
      ["oci:image:1", "/etc/a"],
      /^image: a file of 1 bytes, mode 0644, owner 0:0, from layer 1 of 1\n {2}image oci:image:1\n {2}layer sha256:[0-9a-f]{64}\n$/,
    ],
    [["os.yml", "CAP_CHOWN", "--json"], /^\[\n {2}\{\n {4}"part": "services\.web",[\s\S]*"line": 5,\n {6}"column": 9\n/],
  ] as const) {
    test(args.join(" "), () => {
      const { status, stdout, stderr } = run(...args);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, want);
    });
  }

  for (const [args, status, want] of [
    [["os.yml", "CAP_SYS_ADMIN"], 1, /^NOT_FOUND: CAP_SYS_ADMIN: os\.yml has nothing of this name\n$/],
    [["os.yml", "/etc/none"], 1, /^NOT_FOUND: .* as far as the definition says: --build FILE looks into a build\n$/],
    [["os.ts", "/bin/sh", "--build", "old.json"], 1, /^\S+initrd is not what this build wrote: its files are not looked at\nNOT_FOUND: /],
    [["os.yml", "CAP_X"], 1, /^INVALID_DEFINITION: got the capability CAP_X, /],
    [["os.yml"], 2, /^got 1 arguments, wanted two: FILE and WHAT\nusage: /],
    [["oci:image:1", "80"], 2, /^got a port and the container image oci:image:1, wanted a path: /],
  ] as const) {
    test(args.join(" "), () => {
      const got = run(...args);
      assert.deepEqual([got.status, got.stdout], [status, ""]);
      assert.match(got.stderr, want);
    });
  }
});
