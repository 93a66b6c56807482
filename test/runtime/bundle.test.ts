import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { Image } from "../../sdk/definition/image.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { Volume } from "../../sdk/definition/volume.ts";
import { secretsPath } from "../../sdk/guest/paths.ts";
import type { ImageConfig } from "../../sdk/oci/image-config.ts";
import { type Bundle, bundles, debianImageConfig } from "../../sdk/runtime/bundle.ts";

const PLAIN: ImageConfig = { entrypoint: ["/bin/app"], cmd: ["serve"], env: ["A=1"], workingDir: "", user: "", stopSignal: "", label: {} };

interface Config {
  ociVersion: string;
  process: { user: object; args?: string[]; env?: string[]; cwd: string; capabilities: Record<string, string[]>; rlimits?: object[] };
  hostname?: string;
  mounts: { destination: string; source?: string; options?: string[] }[];
  linux: { resources: Record<string, unknown>; namespaces: object[]; uidMappings?: object[] } & Record<string, unknown>;
}

function bundleOf(fields: Partial<ServiceArgs>, image: Partial<ImageConfig> = {}, volumes: Volume[] = []): Bundle {
  const [bundle] = bundles(
    new Image({ services: [new Service("app", { image: "x", ...fields })], volumes }).spec,
    () => ({ ...PLAIN, ...image }),
    "amd64",
  );
  return bundle as Bundle;
}
const configOf = (...given: Parameters<typeof bundleOf>): Config => JSON.parse(bundleOf(...given).config);
const mountAt = (config: Config, destination: string): object | undefined =>
  config.mounts.find((mount) => mount.destination === destination);

describe("a field comes from the definition, then the label, then the image, then the sandbox", () => {
  const label = {
    command: ["label"],
    env: ["L=1"],
    cwd: "/label",
    readonly: false,
    capabilities: ["CAP_CHOWN"],
    net: "new",
    noNewPrivileges: false,
  };
  test("from the sandbox and the image", () => {
    const { process, hostname } = configOf({});
    assert.deepEqual(process.args, ["/bin/app", "serve"]);
    assert.deepEqual(process.env, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1"]);
    assert.deepEqual([process.cwd, hostname, process.capabilities], ["/", "app", {}]);
  });
  test("from the label, which opens the sandbox by the definition's word", () => {
    const bundle = bundleOf({ label: "allow" }, { label });
    const { process } = JSON.parse(bundle.config) as Config;
    assert.deepEqual([process.args, process.cwd, bundle.readonly, bundle.privateNetwork], [["label"], "/label", false, true]);
    assert.deepEqual(process.capabilities["effective"], ["CAP_CHOWN"]);
    assert.ok(!("noNewPrivileges" in process));
  });
  test("from the definition", () => {
    const bundle = bundleOf({ command: ["own"], cwd: "", env: ["PATH=/x"], readonly: true, capabilities: [], net: "host" }, { label });
    const { process } = JSON.parse(bundle.config) as Config;
    assert.deepEqual(
      [process.args, process.cwd, process.env, bundle.readonly, bundle.privateNetwork],
      [["own"], "/label", ["PATH=/x"], true, false],
    );
    assert.deepEqual(process.capabilities, {});
  });
  test("runtime is merged member by member", () => {
    const { runtime } = bundleOf(
      { label: "allow", runtime: { mkdir: ["/own"] } },
      { label: { runtime: { mkdir: ["/label"], cgroups: ["c"] } } },
    );
    assert.deepEqual([JSON.parse(runtime).mkdir, JSON.parse(runtime).cgroups], [["/own"], ["c"]]);
  });
  test("capabilities.add in a label has no effect", () =>
    assert.deepEqual(configOf({}, { label: { "capabilities.add": ["CAP_CHOWN"] } }).process.capabilities, {}));
});

describe("errors in an image's label and configuration", () => {
  for (const [fields, image, message] of [
    [{}, { label: { privileged: true } }, /^services\.app\.image: in its label org\.mobyproject\.config: privileged: unknown property/],
    [{}, { label: { image: "x" } }, /in its label org\.mobyproject\.config: image: unknown property/],
    [{}, { label: { capabilities: ["CAP_FLY"] } }, /capabilities\[0\]: got "CAP_FLY"/],
    [
      { label: "allow", "capabilities.add": ["CAP_CHOWN"] },
      { label: { capabilities: ["all"] } },
      /^services\.app\.capabilities\.add: cannot add to the label of the image, whose capabilities are "all"/,
    ],
    [
      { label: "allow" },
      { label: { capabilities: ["CAP_NET_ADMIN"] } },
      /^services\.app\.capabilities: got CAP_NET_ADMIN, which reaches the machine's links from a network beside the machine's; wanted userns/,
    ],
    [
      {},
      { label: { uid: "nobody" } },
      /^services\.app\.image: its label has uid "nobody", which its \/etc\/passwd does not have: set uid$/,
    ],
    [{}, { entrypoint: [], cmd: [] }, /^services\.app\.command: got no command in the definition or the image/],
  ] as const) {
    test(String(message), () => assert.throws(() => bundleOf(fields as never, image as never), { code: "INVALID_DEFINITION", message }));
  }
});

test("a control group that is another container's is refused, also by a label", () => {
  const grouped = (fields: object, label: ImageConfig["label"]): Bundle[] =>
    bundles(
      new Image({
        onboot: [new OnbootTask("disk", { image: "x" })],
        services: [new Service("db", { image: "x" }), new Service("app", { image: "app", sandbox: "linuxkit", ...fields })],
      }).spec,
      (image) => ({ ...PLAIN, label: image === "app" ? label : {} }),
      "amd64",
    );
  for (const group of ["db", "/db", "//./db/", "db/inner"])
    for (const [fields, label] of [
      [{ cgroupsPath: group }, {}],
      [{}, { cgroupsPath: group }],
    ] as const)
      assert.throws(() => grouped(fields, label), {
        code: "INVALID_DEFINITION",
        message: `services.app.cgroupsPath: got ${JSON.stringify(group)}, the control group of services.db; wanted a path that begins otherwise, or none`,
      });
  assert.throws(() => grouped({ cgroupsPath: "/000-disk" }, {}), /the control group of onboot\[0\]/);
  for (const cgroupsPath of ["app", "/app", "/others/db", "/"]) assert.equal(grouped({ cgroupsPath }, {}).length, 3);
});

describe("a volume's name", () => {
  const volume = [new Volume("data")];
  test("can be the source of a bind and of a mount", () => {
    const config = configOf({ binds: ["data:/a:ro"], mounts: [{ type: "bind", source: "data", destination: "/b" }] }, {}, volume);
    assert.deepEqual(mountAt(config, "/a"), {
      destination: "/a",
      type: "bind",
      source: "/containers/volumes/data/merged",
      options: ["ro", "rbind", "rprivate"],
    });
    assert.deepEqual(mountAt(config, "/b"), { destination: "/b", type: "bind", source: "/containers/volumes/data/merged" });
  });
  test("cannot be the source of a label's bind", () => {
    const config = configOf({ sandbox: "linuxkit", "binds.add": ["data:/own"] }, { label: { binds: ["data:/label"] } }, volume);
    assert.equal((mountAt(config, "/label") as { source: string }).source, "data");
    assert.equal((mountAt(config, "/own") as { source: string }).source, "/containers/volumes/data/merged");
  });
});

describe("the default sandbox", () => {
  test("a tmpfs has the default options that it does not set, and the container's user", () => {
    const config = configOf({ tmpfs: ["/tmp", "/a:size=1m,dev,mode=700"], uid: 5, gid: 6 });
    assert.deepEqual(mountAt(config, "/tmp"), {
      destination: "/tmp",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "nodev", "size=64m", "mode=1777", "uid=5", "gid=6"],
    });
    assert.deepEqual(mountAt(config, "/a"), {
      destination: "/a",
      type: "tmpfs",
      source: "tmpfs",
      options: ["size=1m", "dev", "mode=700", "nosuid", "uid=5", "gid=6"],
    });
  });
  test("capabilities are ambient for a user other than root, who would otherwise lose them", () => {
    const capabilities = ["CAP_NET_RAW"] as const;
    assert.deepEqual(configOf({ capabilities, uid: 5 }).process.capabilities["ambient"], ["CAP_NET_RAW"]);
    assert.deepEqual(configOf({ capabilities }).process.capabilities, {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
    });
  });
  test("only the listed devices are allowed", () =>
    assert.deepEqual(
      configOf({ devices: [{ path: "/dev/kvm", type: "c", major: 10, minor: 232, mode: "0660" }] }).linux.resources["devices"],
      [
        { allow: false, access: "rwm" },
        { allow: true, type: "c", major: 10, minor: 232, access: "rwm" },
      ],
    ));
  test("processes are limited by default", () => {
    assert.deepEqual(configOf({ resources: { memory: { limit: 1 } } }).linux.resources["pids"], { limit: 1024 });
    assert.deepEqual(configOf({ resources: { pids: { limit: -1 } } }).linux.resources["pids"], { limit: -1 });
    assert.ok(!("pids" in configOf({ sandbox: "linuxkit" }).linux.resources));
  });
  test("paths are masked by default", () => {
    assert.ok((configOf({}).linux["maskedPaths"] as string[]).includes("/proc/kcore"));
    const { linux } = configOf({ maskedPaths: [], readonlyPaths: [] });
    assert.ok(!("maskedPaths" in linux) && !("readonlyPaths" in linux));
  });
  test("secrets are mounted from the guest's folder, and no file has a value", () => {
    const bundle = bundleOf({ secrets: { key: "hunter2" } });
    const mount = mountAt(JSON.parse(bundle.config), "/run/secrets") as { source: string; options: string[] };
    assert.equal(mount.source, secretsPath("app"));
    assert.ok(mount.options.includes("ro"));
    assert.deepEqual(bundle.secrets, ["key"]);
    assert.ok(!JSON.stringify(bundle).includes("hunter2"));
  });
});

describe("numbers and names", () => {
  test("rlimits are exact beyond 2^53, and unlimited is the largest 64-bit number", () => {
    const { config } = bundleOf({ rlimits: ["core,9007199254740993,unlimited"] });
    assert.match(config, /"hard": 18446744073709551615,/);
    assert.match(config, /"soft": 9007199254740993\b/);
  });
  test("fields that LinuxKit drops are kept", () => {
    const { linux } = configOf({
      sandbox: "linuxkit",
      userns: "new",
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      resources: {
        memory: { disableOOMKiller: true },
        blockio: { weight: 10, leafWeight: 20 },
        hugepageLimits: [{ pageSize: "2MB", limit: 1 }],
      },
    });
    assert.deepEqual(linux.uidMappings, [{ containerID: 0, hostID: 1000, size: 10 }]);
    const { devices: _, pids: __, ...rest } = linux.resources;
    assert.deepEqual(rest, {
      memory: { disableOOMKiller: true },
      hugepageLimits: [{ pageSize: "2MB", limit: 1 }],
      blockIO: { weight: 10, leafWeight: 20 },
    });
  });
  const image: DebianImage = {
    debian: {
      role: "packages",
      packages: ["nginx-light"],
      dependencies: "slim",
      keep: [],
      users: [
        { name: "www-data", uid: 33 },
        { name: "b", uid: 40, gid: 41, group: "c" },
      ],
      groups: [{ name: "adm", gid: 4 }],
      files: [],
    },
    config: { command: ["nginx"], uid: "www-data", gid: "c", additionalGids: ["adm", "www-data"] },
  };
  test("users of an image made from packages have its ids", () => {
    const [bundle] = bundles(new Image({ services: [new Service("app", { image })] }).spec, () => debianImageConfig(image), "amd64");
    assert.deepEqual(JSON.parse(bundle?.config ?? "").process.user, { uid: 33, gid: 41, additionalGids: [4, 33] });
    assert.deepEqual([bundle?.uid, bundle?.gid], [33, 41]);
  });
  test("Debian's runtimes get a version that they accept", () => {
    const init: DebianImage = { debian: { ...image.debian, role: "init", packages: [] }, config: {} };
    const services = [new Service("app", { image: "x", sandbox: "linuxkit" })];
    const version = (args: ConstructorParameters<typeof Image>[0]): string =>
      JSON.parse(bundles(new Image(args).spec, () => PLAIN, "amd64")[0]?.config ?? "").ociVersion;
    assert.equal(version({ services }), "1.2.1");
    assert.equal(version({ services, init: [init] }), "1.0.2");
  });
});

test("an image is unpacked once for equivalent references", () => {
  const task = (name: string, image: string): OnbootTask => new OnbootTask(name, { image });
  const { spec } = new Image({
    onboot: [task("a", "nginx"), task("b", "docker.io/library/nginx"), task("c", "oci:x:nginx"), task("d", "oci:x:nginx")],
  });
  assert.deepEqual(
    bundles(spec, () => PLAIN, "amd64").map(({ unpacks, tree }) => [unpacks, tree]),
    [
      [true, "containers/onboot/000-a/rootfs"],
      [false, "containers/onboot/000-a/rootfs"],
      [true, "containers/onboot/002-c/rootfs"],
      [false, "containers/onboot/002-c/rootfs"],
    ],
  );
});

test("JSON is written like LinuxKit's: four spaces, no newline at the end", () => {
  const { config, runtime } = bundleOf({});
  for (const text of [config, runtime]) assert.match(text, /^\{\n {4}"[\s\S]*[^\n]$/);
});

describe("a service that names others finds them in /etc/hosts", () => {
  const hostsOf = (fields: Partial<ServiceArgs>) => {
    const services = [new Service("app", { image: "x", ...fields }), new Service("db", { image: "x" })];
    const [app] = bundles(new Image({ services }).spec, () => PLAIN, "amd64");
    return mountAt(JSON.parse(app?.config ?? "{}") as Config, "/etc/hosts");
  };

  test("in a file of its own, which it cannot change", () => {
    assert.deepEqual(hostsOf({ egress: [{ to: "db" }] }), {
      destination: "/etc/hosts",
      type: "bind",
      source: "/containers/services/app/hosts",
      options: ["bind", "ro", "nosuid", "nodev", "noexec", "rprivate"],
    });
  });
  test("and one that names none has its image's", () => {
    for (const egress of [[], [{ to: "any" }], [{ to: "10.0.0.0/8" }, { to: "dns" }]]) assert.equal(hostsOf({ egress }), undefined);
  });
  test("unless it binds another file there", () => {
    assert.deepEqual(hostsOf({ egress: [{ to: "db" }], binds: ["/etc/own:/etc/hosts:ro"] }), {
      destination: "/etc/hosts",
      type: "bind",
      source: "/etc/own",
      options: ["ro", "rbind", "rprivate"],
    });
  });
});
