import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { containerFields } from "../../sdk/definition/container-fields.ts";
import { Image } from "../../sdk/definition/image.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { OnshutdownTask } from "../../sdk/definition/onshutdown-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";

type Label = Readonly<Record<string, unknown>>;

/** Every value opens the default sandbox. */
const WIDE: Readonly<Record<string, readonly unknown[]>> = {
  capabilities: [["CAP_SYS_ADMIN"], ["all"], ["CAP_CHOWN"]],
  "capabilities.add": [["CAP_CHOWN"]],
  ambient: [["CAP_CHOWN"], ["ALL"]],
  mounts: [[{ type: "proc", destination: "/proc", options: ["rw"] }], [{ type: "bind", source: "/run", destination: "/x" }]],
  binds: [["/:/host:rw,rbind,rshared", "/run/linuxkit/secrets:/stolen"]],
  "binds.add": [["/:/host"]],
  tmpfs: [["/tmp:exec,size=90%"]],
  devices: [[{ path: "all", type: "a" }], [{ path: "/dev/mem", type: "c", major: 1, minor: 1, mode: "0666" }]],
  net: ["host", "root", "/proc/1/ns/net"],
  ipc: ["host", "root", "/proc/1/ns/ipc"],
  uts: ["host", "root", "/proc/1/ns/uts"],
  pid: ["host", "root", "/proc/1/ns/pid"],
  userns: ["new", "/proc/1/ns/user"],
  readonly: [false],
  maskedPaths: [[]],
  readonlyPaths: [[]],
  additionalGids: [[0], [6]],
  noNewPrivileges: [false],
  oomScoreAdj: [-1, -1000],
  rootfsPropagation: ["shared", "rshared", "rslave"],
  cgroupsPath: ["/", "/init"],
  resources: [
    { pids: { limit: -1 } },
    { pids: { limit: 1025 } },
    { pids: { limit: 0 } },
    { devices: [{ allow: true, access: "rwm" }] },
    { memory: { limit: 1 << 40 } },
    { cpu: { shares: 262144 } },
    { hugepageLimits: [{ pageSize: "2MB", limit: 1 << 30 }] },
  ],
  sysctl: [{ "kernel.shmmax": "1" }],
  annotations: [{ "run.oci.seccomp_bpf_data": "eA==" }],
  rlimits: [["nofile,1048576,1048576"], ["memlock,unlimited,unlimited"], ["nice,40,40"], ["core,unlimited,unlimited"]],
  uidMappings: [[{ containerID: 0, hostID: 0, size: 1 }]],
  gidMappings: [[{ containerID: 0, hostID: 0, size: 1 }]],
  runtime: [
    { cgroups: ["/x"] },
    { mounts: [{ type: "bind", source: "/containers/services/app/lower/evil", destination: "/lib/linuxkit/x", options: ["bind"] }] },
    { mkdir: ["/etc/x"] },
    { interfaces: [{ name: "eth0" }] },
    { bindNS: { pid: "/run/x" } },
    { namespace: "moby" },
  ],
};

/** Every value closes the sandbox further, or says what the program is. */
const NARROW: Readonly<Record<string, unknown>> = {
  command: ["/label"],
  env: ["L=1"],
  cwd: "/label",
  hostname: "label",
  uid: 1000,
  gid: 1000,
  capabilities: [],
  ambient: ["none"],
  readonly: true,
  noNewPrivileges: true,
  maskedPaths: ["/proc/cmdline"],
  readonlyPaths: ["/sys"],
  net: "none",
  pid: "new",
  ipc: "new",
  uts: "new",
  userns: "private",
  oomScoreAdj: 500,
  rootfsPropagation: "private",
  resources: { pids: { limit: 8 } },
  rlimits: ["nofile,64,64", "core,0,0", "as,1000000000,2000000000", "cpu,60,60"],
};

const KINDS = {
  services: (fields: Partial<ServiceArgs>) => new Image({ services: [new Service("app", { image: "x", ...fields })] }),
  onboot: (fields: Partial<ServiceArgs>) => new Image({ onboot: [new OnbootTask("app", { image: "x", ...(fields as object) })] }),
  onshutdown: (fields: Partial<ServiceArgs>) =>
    new Image({ onshutdown: [new OnshutdownTask("app", { image: "x", ...(fields as object) })] }),
} as const;

function laidOut(kind: keyof typeof KINDS, label: Label, fields: Partial<ServiceArgs> = {}) {
  const config = { entrypoint: ["/bin/app"], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label };
  const [bundle] = bundles(KINDS[kind](fields).spec, () => config, "amd64");
  assert.ok(bundle);
  const { config: text, runtime, readonly, network, privateNetwork, idBase, memory, pids, ownGroup } = bundle;
  return { config: JSON.parse(text), runtime: JSON.parse(runtime), readonly, network, privateNetwork, idBase, memory, pids, ownGroup };
}

test("the tables name every field", () =>
  assert.deepEqual([...new Set([...Object.keys(WIDE), ...Object.keys(NARROW)])].sort(), Object.keys(containerFields).sort()));

describe("an image's label never opens the default sandbox", () => {
  for (const kind of ["services", "onboot", "onshutdown"] as const) {
    for (const [field, values] of Object.entries(WIDE)) {
      for (const value of values) {
        test(`${kind}: ${field} ${JSON.stringify(value)}`, () => assert.deepEqual(laidOut(kind, { [field]: value }), laidOut(kind, {})));
      }
    }
    test(`${kind}: all at once`, () => {
      const label = Object.fromEntries(Object.entries(WIDE).map(([field, [first]]) => [field, first]));
      assert.deepEqual(laidOut(kind, label), laidOut(kind, {}));
    });
  }
  test("a label gives no group to a user of the definition", () =>
    assert.deepEqual(laidOut("services", { gid: 6 }, { uid: 5 }), laidOut("services", {}, { uid: 5 })));
  test("a label sets no host name in the machine's own namespace", () =>
    assert.deepEqual(laidOut("services", { hostname: "x" }, { uts: "host" }), laidOut("services", {}, { uts: "host" })));
  test("capabilities.add adds to none", () =>
    assert.deepEqual(
      laidOut("services", { capabilities: ["CAP_SYS_ADMIN"] }, { "capabilities.add": ["CAP_CHOWN"] }),
      laidOut("services", {}, { "capabilities.add": ["CAP_CHOWN"] }),
    ));
  test("a runtime of the definition stands alone", () =>
    assert.deepEqual(
      laidOut("services", { runtime: { mkdir: ["/label"] } }, { runtime: { cgroups: ["/own"] } }),
      laidOut("services", {}, { runtime: { cgroups: ["/own"] } }),
    ));
});

describe("an image's label closes the default sandbox further", () => {
  for (const [field, value] of Object.entries(NARROW)) {
    test(`${field} ${JSON.stringify(value)}`, () => {
      const own = field === "maskedPaths" || field === "readonlyPaths" ? withDefaults(field, value as string[]) : value;
      assert.deepEqual(laidOut("services", { [field]: value }), laidOut("services", {}, { [field]: own }));
    });
  }
  test("item by item of a list of limits", () =>
    assert.deepEqual(
      laidOut("services", { rlimits: ["nofile,64,64", "nice,40,40"] }),
      laidOut("services", {}, { rlimits: ["nofile,64,64"] }),
    ));
});

function withDefaults(field: "maskedPaths" | "readonlyPaths", paths: readonly string[]): string[] {
  return [...(laidOut("services", {}).config.linux[field] as string[]), ...paths];
}

describe("a label opens the sandbox by the definition's word", () => {
  for (const [field, values] of Object.entries(WIDE)) {
    // LinuxKit reads these two from a definition only, and the mappings need a namespace
    if (field.endsWith(".add")) continue;
    test(field, () => {
      const [value] = values;
      assert.deepEqual(laidOut("services", { [field]: value }, { label: "allow" }), laidOut("services", {}, { [field]: value }));
      assert.deepEqual(laidOut("services", { [field]: value }, { [field]: value }), laidOut("services", {}, { [field]: value }));
    });
  }
  test("label has no effect where it would be misread", () => {
    for (const fields of [{ sandbox: "linuxkit" as const }, { image: { debian: DEBIAN, config: {} } as never }])
      assert.throws(() => KINDS.services({ ...fields, label: "allow" }), {
        code: "INVALID_DEFINITION",
        message: /^services\.app\.label: has no effect /,
      });
  });
});

const DEBIAN = { role: "packages", packages: ["bash"], dependencies: "slim", keep: [], users: [], groups: [], files: [] };
