import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onbootSchema, onshutdownSchema, serviceSchema } from "../../sdk/definition/container.ts";
import { debianImageSchema } from "../../sdk/definition/debian-image.ts";
import { type Definition, definitionSchema } from "../../sdk/definition/definition.ts";
import { fileSpecSchema } from "../../sdk/definition/file.ts";
import { persistentSchema, volumeSchema } from "../../sdk/definition/volume.ts";
import { canonicalJson } from "../../sdk/core/json.ts";
import { factsOf } from "../../sdk/review/facts-of.ts";
import { web } from "./definitions.ts";

const { spec } = web();
const facts = (definition: unknown): string =>
  canonicalJson([...factsOf({ definition: definition as Definition })].map(([path, { value }]) => [path, value]));

/** A value of each field that differs from its default. A field that is missing here, or whose value is no fact, fails. */
const CONTAINER: Readonly<Record<string, unknown>> = {
  image: "nginx:1.27",
  command: ["other"],
  env: ["A=1"],
  cwd: "/app",
  capabilities: ["CAP_CHOWN"],
  "capabilities.add": ["CAP_CHOWN"],
  ambient: ["CAP_CHOWN"],
  mounts: [{ type: "proc" }],
  binds: ["/a:/b"],
  "binds.add": ["/a:/b"],
  tmpfs: ["/tmp"],
  devices: [{ path: "/dev/kvm", type: "c" }],
  net: "host",
  ipc: "host",
  uts: "host",
  pid: "host",
  userns: "private",
  hostname: "other",
  readonly: false,
  maskedPaths: [],
  readonlyPaths: [],
  uid: 1000,
  gid: 1000,
  additionalGids: [44],
  noNewPrivileges: false,
  oomScoreAdj: 5,
  rootfsPropagation: "shared",
  cgroupsPath: "/other",
  resources: { memory: { limit: 1 } },
  sysctl: { "net.core.somaxconn": "1" },
  annotations: { a: "b" },
  rlimits: ["nofile,1,1"],
  uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
  gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
  runtime: { mkdir: ["/a"] },
  sandbox: "linuxkit",
  label: "allow",
  seccomp: "unconfined",
  cgroup: "delegated",
  modules: ["overlay"],
  timeout: 7,
  optional: true,
  restart: "never",
  restartLimit: { count: 1 },
  after: ["db"],
  health: { command: ["true"] },
  stopSignal: "SIGQUIT",
  stopTimeout: 1,
  log: { size: 8192 },
  publish: ["1:2"],
  egress: [{ to: "any" }],
  forwards: true,
  secrets: { key: "" },
};
const FILE: Readonly<Record<string, unknown>> = {
  path: "/other",
  directory: true,
  symlink: "/x",
  contents: "other",
  source: "x",
  metadata: "json",
  sha256: "a".repeat(64),
  size: 2,
  optional: true,
  mode: "0755",
  uid: 1,
  gid: 1,
};
const VOLUME = {
  image: "x:1",
  readonly: true,
  format: "oci",
  platforms: ["linux/arm64"],
  persistent: { label: "x", uid: 0, gid: 0, timeout: 1 },
};
const PERSISTENT = { label: "other", serial: "x", device: "/dev/vdb", uid: 1, gid: 1, after: "dhcp", timeout: 2 };
const DEBIAN: Readonly<Record<string, unknown>> = {
  role: "init",
  packages: ["other"],
  dependencies: "all",
  keep: ["/x"],
  leaveOut: ["/x"],
  users: [{ name: "u", uid: 1 }],
  groups: [{ name: "g", gid: 1 }],
  files: [{ path: "/x", contents: "x" }],
  program: "linuxkitd",
  flavour: "generic",
  modules: ["x"],
  runtime: "runc",
};
const OS: Readonly<Record<string, unknown>> = {
  kernel: { image: "x:1", cmdline: "", binary: "kernel", tar: "none", ucode: "" },
  init: ["x:1"],
  onboot: [],
  onshutdown: [{ name: "bye", image: "x:1" }],
  services: {},
  volumes: { data: { readonly: false, format: "filesystem", platforms: [] } },
  files: [{ path: "x", contents: "", mode: "0600", uid: 0, gid: 0 }],
  healthPort: 1,
  api: { port: 1, clientCa: "c", certificate: "c", key: "k" },
  harden: { profile: "strict", waive: {} },
};
/** The order of services changes nothing that runs. */
const NO_FACT = ["serviceOrder"];

const service = (more: object): object => ({ ...spec, services: { web: { ...spec.services["web"], ...more } } });
const files = (more: object): object => ({
  ...spec,
  files: [{ path: "a", contents: "", sha256: "b".repeat(64), mode: "0600", uid: 0, gid: 0, ...more }],
});
const volumes = (more: object): object => ({
  ...spec,
  volumes: { data: { readonly: false, format: "filesystem", platforms: [], ...more } },
});
const persistent = (more: object): object => volumes({ persistent: { label: "x", uid: 0, gid: 0, timeout: 1, ...more } });
const image = (more: object): object => {
  const debian = { role: "packages", packages: ["nginx-light"], dependencies: "slim", keep: [], users: [], groups: [], files: [] };
  return service({ image: { debian: { ...debian, ...more }, config: {} } });
};

for (const [what, fields, samples, of] of [
  ["a container", { ...onbootSchema.shape, ...onshutdownSchema.shape, ...serviceSchema.shape }, CONTAINER, service],
  ["a file", fileSpecSchema.shape, FILE, files],
  ["a volume", volumeSchema.shape, VOLUME, volumes],
  ["a disk", persistentSchema.shape, PERSISTENT, persistent],
  ["an image made from packages", debianImageSchema.shape.debian.shape, DEBIAN, image],
  ["an operating system", definitionSchema.shape, OS, (more: object) => ({ ...spec, ...more })],
] as const) {
  describe(`a change of each field of ${what} is seen`, () => {
    for (const name of Object.keys(fields)) {
      if (NO_FACT.includes(name)) continue;
      test(name, () => {
        assert.ok(Object.hasOwn(samples, name), `add a sample of ${name}, and a fact for it to sdk/review/facts`);
        assert.notEqual(facts(of({ [name]: (samples as Readonly<Record<string, unknown>>)[name] })), facts(of({})));
      });
    }
  });
}
