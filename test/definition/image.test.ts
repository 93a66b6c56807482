import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { containersOf } from "../../sdk/definition/definition.ts";
import { File } from "../../sdk/definition/file.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Kernel } from "../../sdk/definition/kernel.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { OnshutdownTask } from "../../sdk/definition/onshutdown-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { Volume } from "../../sdk/definition/volume.ts";

const service = (name: string, fields: Partial<ServiceArgs> = {}): Service => new Service(name, { image: "x", ...fields });

const base = new Image({
  kernel: new Kernel({ image: "k", cmdline: "quiet" }),
  init: ["i"],
  onboot: [new OnbootTask("dhcp", { image: "d" })],
  onshutdown: [new OnshutdownTask("bye", { image: "b" })],
  services: [service("web", { binds: ["data:/data"] })],
  volumes: [new Volume("data")],
  files: [new File("/etc/motd", { contents: "hi" })],
  healthPort: 9000,
});

test("a definition is normalised: every default is in it, services are in the order of their names", () => {
  const { spec } = base.with({ services: [service("app")] });
  assert.deepEqual(spec, {
    kernel: { image: "k", cmdline: "quiet", binary: "kernel", tar: "kernel.tar", ucode: "" },
    init: ["i"],
    onboot: [{ name: "dhcp", image: "d" }],
    onshutdown: [{ name: "bye", image: "b" }],
    services: { app: { image: "x" }, web: { image: "x", binds: ["data:/data"] } },
    volumes: { data: { readonly: false, format: "filesystem", platforms: [] } },
    files: [{ path: "/etc/motd", contents: "hi", mode: "0600", uid: 0, gid: 0 }],
    healthPort: 9000,
  });
  assert.deepEqual(Object.keys(spec.services), ["app", "web"]);
  assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
});

test("the written order of services is kept where LinuxKit's tree depends on it", () => {
  const services = ["b", "a"].map((name) => service(name, { sandbox: "linuxkit" }));
  const { spec } = new Image({ services });
  assert.deepEqual(spec.serviceOrder, ["b", "a"]);
  // the engine hands maps over in the order of their names
  const fromEngine = { ...spec, services: Object.fromEntries(Object.entries(spec.services).sort()) };
  assert.deepEqual(
    containersOf(fromEngine).map(({ name }) => name),
    ["b", "a"],
  );
  assert.equal(new Image({ services: services.toReversed() }).spec.serviceOrder, undefined);
});

test("a directory that is an Output gets its mode once it is known", () =>
  assert.equal(new Image({ files: [new File("a", { directory: output(true) })] }).spec.files[0]?.mode, undefined));

describe("with", () => {
  test("appends lists and overrides single fields of the kernel", () => {
    const { spec } = base.with({
      kernel: { cmdline: "debug" },
      init: ["j"],
      onboot: [new OnbootTask("mount", { image: "m" })],
      healthPort: 9001,
    });
    assert.equal(spec.kernel?.cmdline, "debug");
    assert.equal(spec.kernel?.image, "k");
    assert.deepEqual(spec.init, ["i", "j"]);
    assert.deepEqual(
      spec.onboot.map(({ name }) => name),
      ["dhcp", "mount"],
    );
    assert.equal(spec.healthPort, 9001);
  });
  test("takes an image, whose containers may use what the base has", () => {
    const addition = new Image({ services: [service("api")] });
    assert.deepEqual(Object.keys(base.with(addition).spec.services), ["api", "web"]);
    assert.equal(base.with(addition).spec.healthPort, 9000);
  });
  test("leaves both as they were", () => assert.deepEqual(Object.keys(base.spec.services), ["web"]));
  test("refuses a service that is there", () =>
    assert.throws(() => base.with({ services: [service("web")] }), {
      message: "services.web: two services have this name; to change the existing one, use replace()",
    }));
});

describe("without", () => {
  for (const [path, gone] of [
    ["services.web", (image: Image) => image.spec.services],
    ["onboot.dhcp", (image: Image) => image.spec.onboot],
    ["onshutdown.bye", (image: Image) => image.spec.onshutdown],
    ["files./etc/motd", (image: Image) => image.spec.files],
    ["files.etc/motd", (image: Image) => image.spec.files],
    ["init.i", (image: Image) => image.spec.init],
  ] as const) {
    test(path, () => assert.equal(Object.keys(gone(base.without(path))).length, 0));
  }
  test("kernel and healthPort", () => {
    const { spec } = base.without("kernel", "healthPort");
    assert.ok(!("kernel" in spec) && !("healthPort" in spec));
  });
  test("refuses a path that leads nowhere, with those there are", () =>
    assert.throws(() => base.without("services.wbe"), {
      message:
        'services.wbe: not found in the image, wanted one of kernel, healthPort, init.i, onboot.dhcp, onshutdown.bye, services.web, volumes.data, files./etc/motd: did you mean "services.web"?',
    }));
  for (const path of ["", "service.web", "services", "onboot.web", "kernel.cmdline", "__proto__.x"]) {
    test(`refuses ${JSON.stringify(path)}`, () => assert.throws(() => base.without(path), { code: "INVALID_DEFINITION" }));
  }
  test("refuses to take away what another part needs", () =>
    assert.throws(() => base.without("volumes.data"), {
      message: 'services.web.binds[0]: volume "data" not found, wanted an absolute path: this image has no volumes',
    }));
});

describe("replace", () => {
  test("puts a part in the place of the one of its kind and name", () => {
    const { spec } = base.replace(
      service("web", { image: "y" }),
      new OnbootTask("dhcp", { image: "e" }),
      new File("etc/motd", { contents: "" }),
      new Volume("data", { readonly: false }),
      new Kernel({ image: "l" }),
    );
    assert.equal(spec.services["web"]?.image, "y");
    assert.equal(spec.onboot[0]?.image, "e");
    assert.deepEqual(
      spec.files.map(({ contents }) => contents),
      [""],
    );
    assert.deepEqual([spec.kernel?.image, spec.kernel?.cmdline], ["l", ""]);
  });
  test("refuses a part that is not there", () =>
    assert.throws(() => base.replace(service("api")), { message: /^services\.api: not found in the image, wanted one of / }));
  test("refuses to choose between two of one name", () => {
    const twins = Image.fromYaml("onboot: [{name: a, image: x}, {name: a, image: y}]\n");
    assert.throws(() => twins.replace(new OnbootTask("a", { image: "z" })), { message: /^onboot\.a: 2 parts have this name/ });
  });
});

describe("an image refuses", () => {
  const debianImage = {
    debian: { role: "packages", packages: [], dependencies: "slim", keep: [], users: [{ name: "www", uid: 33 }], groups: [], files: [] },
    config: {},
  } as const;
  for (const [args, message] of [
    [
      { services: [service("a", { binds: ["v:/v"] })], volumes: [new Volume("vol")] },
      'services.a.binds[0]: volume "v" not found, wanted an absolute path or one of vol',
    ],
    [
      { services: [service("a", { binds: ["v:/v:nosuid"] })], volumes: [new Volume("v", { readonly: true })] },
      'services.a.binds[0]: volume "v" is read-only, wanted the option "ro"',
    ],
    [
      { services: [service("a", { mounts: [{ type: "bind", source: "v", destination: "/v" }] })] },
      'services.a.mounts[0].source: volume "v" not found, wanted an absolute path: this image has no volumes',
    ],
    [
      { services: [service("a", { uid: "b" })] },
      'services.a.uid: got "b", which is not a container or user of the image, wanted a number or one of a',
    ],
    [
      { services: [service("a", { image: debianImage as never, uid: "redis" })] },
      'services.a.uid: got "redis", which is not a container or user of the image, wanted a number or one of a, www, or users: [{ name: "redis", uid: 1000 }] of its image',
    ],
    [
      { services: [service("a", { image: debianImage as never, gid: "wwww" })] },
      'services.a.gid: got "wwww", which is not a container or group of the image: did you mean "www"?',
    ],
    [{ files: [new File("x", { contents: "", uid: "web" })] }, 'files.x.uid: got "web", which is not a container, wanted a number'],
    [
      { onboot: [new OnbootTask("a", { image: "x" }), new OnbootTask("a", { image: "y" })] },
      'onboot.a.name: "a" is also the name of onboot[0], wanted another',
    ],
    [
      { services: [service("a", { health: { http: { port: 80 } }, net: "host" })], healthPort: 80 },
      "healthPort: got 80, on which services.a answers: wanted another port",
    ],
    [
      { services: [service("a", { net: "hots" })] },
      'services.a.net: got "hots", wanted "host", "root", "none", "new", "private" or an absolute path: did you mean "host"?',
    ],
    [
      { services: [service("a", { uts: "host", hostname: "h" })] },
      'services.a.hostname: got "h", which needs a uts namespace of its own: leave out uts',
    ],
    [
      { services: [service("a", { after: ["b"] })] },
      'services.a.after[0]: got "b", which is not the name of a service: there is no other service',
    ],
    [{ services: [service("a", { after: ["a"] })] }, "services.a.after[0]: a waits for a: none of them could start"],
    [
      {
        services: [service("a", { after: ["b"] }), service("b", { after: ["d", "c"] }), service("c", { after: ["d", "a"] }), service("d")],
      },
      [
        "services.a.after[0]: a waits for b waits for c waits for a",
        "services.b.after[1]: b waits for c waits for a waits for b",
        "services.c.after[1]: c waits for a waits for b waits for c",
      ]
        .map((line) => `${line}: none of them could start`)
        .join("\n"),
    ],
    [
      { services: [service("a", { publish: ["80"], net: "host" })] },
      'services.a.publish: has no effect on the network "host", where its ports are the machine\'s: leave it out, or set net: "private"',
    ],
    [
      { services: [service("a", { egress: [], net: "host" })] },
      'services.a.egress: has no effect on the network "host", where it connects to everything: leave it out, or set net: "private"',
    ],
    [
      { services: [service("a", { egress: [], sandbox: "linuxkit" })] },
      'services.a.egress: LinuxKit has no such network: leave out sandbox: "linuxkit"',
    ],
    [
      { services: [service("a", { publish: ["80"] }), service("b", { publish: ["80:8080/tcp"] })] },
      'services.b.publish[0]: got "80:8080/tcp", but 80/tcp of the machine belongs to services.a: wanted another port',
    ],
    [
      { services: [service("a", { health: { https: { port: 443, caSecret: "ca.crt" } } })] },
      'services.a.health.https.caSecret: got "ca.crt", and the service has no secrets: give it in secrets',
    ],
    [
      { services: [service("a", { health: { https: { port: 443, caSecret: "ca" } }, secrets: { "ca.crt": "", key: "" } })] },
      'services.a.health.https.caSecret: got "ca", wanted one of its secrets: ca.crt, key',
    ],
    [
      { services: [service("a", { health: { https: { port: 80, caSecret: "ca" } }, secrets: { ca: "" } })], healthPort: 80 },
      'services.a.health.https.port: got 80, which is published, but 80/tcp of the machine belongs to healthPort: wanted another port, or publish: ["OTHER:80"], or publish: [] to keep it closed',
    ],
    [
      { services: [service("a", { publish: ["80"] })], healthPort: 80 },
      'services.a.publish[0]: got "80", but 80/tcp of the machine belongs to healthPort: wanted another port',
    ],
    [
      { services: [service("a", { health: { http: { port: 80 } } })], healthPort: 80 },
      'services.a.health.http.port: got 80, which is published, but 80/tcp of the machine belongs to healthPort: wanted another port, or publish: ["OTHER:80"], or publish: [] to keep it closed',
    ],
    [
      { services: [service("a", { health: { tcp: { port: 80 } } }), service("b", { health: { http: { port: 80 } } })] },
      'services.b.health.http.port: got 80, which is published, but 80/tcp of the machine belongs to services.a: wanted another port, or publish: ["OTHER:80"], or publish: [] to keep it closed',
    ],
    [
      { services: [service("a", { publish: ["80"] }), service("b", { health: { http: { port: 80 } }, net: "host" })] },
      'services.a.publish[0]: got "80", but 80/tcp of the machine belongs to services.b: wanted another port',
    ],
    [
      { services: [service("a", { capabilities: ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"] })] },
      'services.a.capabilities[1]: got "CAP_NET_BIND_SERVICE", for ports below 1024, but none of its ports is reachable: publish such a port, health-check one, set net: "host", or remove the capability',
    ],
    [
      { services: [service("a", { "capabilities.add": ["CAP_NET_BIND_SERVICE"], health: { http: { port: 8081 } } })] },
      'services.a["capabilities.add"][0]: got "CAP_NET_BIND_SERVICE", for ports below 1024, but only its port 8081 is reachable: publish such a port, health-check one, set net: "host", or remove the capability',
    ],
    [
      { services: [service("a", { egress: [{ to: "dns" }] }), service("dns")] },
      'services.a.egress[0].to: got "dns", which is also the name of a service: rename the service',
    ],
    [
      { services: [service("a", { egress: [{ to: "localhost" }] }), service("localhost")] },
      'services.a.egress[0].to: got "localhost", the name that every service has for itself: rename the service',
    ],
    [
      { services: [service("a", { egress: [{ to: "dba" }] }), service("dbx", { net: "private" })] },
      'services.a.egress[0].to: got "dba", which is neither an IPv4 network nor the name of a service: did you mean "dbx"?',
    ],
    [
      { services: [service("a", { egress: [{ to: "b" }] }), service("b", { net: "host" })] },
      'services.a.egress[0].to: got "b", which has no network of its own, wanted net: "private" there, or an address',
    ],
    [
      { services: [service("a", { egress: [{ to: "dns", port: 53 }] })] },
      'services.a.egress[0].to: got "dns", which has a port of its own: leave out port and protocol',
    ],
    [
      { onboot: [new OnbootTask("t", { image: "x", net: "private" })] },
      'onboot.t.net: got "private", which only services support; wanted "host", "none" or an absolute path',
    ],
    // users of its own, which the next row may have, are no help to an engine
    [
      { services: [service("a", { capabilities: ["all"], command: ["/usr/sbin/dockerd"] })] },
      'services.a.capabilities[0]: got "all", which reaches the machine\'s links from a network beside the machine\'s; wanted for an engine of containers net: "host" without publish and egress; docker({ data }) gives Docker as services that work',
    ],
    [
      { services: [service("a", { capabilities: ["CAP_CHOWN", "CAP_NET_ADMIN"] })] },
      'services.a.capabilities[1]: got "CAP_NET_ADMIN", which reaches the machine\'s links from a network beside the machine\'s; wanted userns: "private" beside it, net: "host", or the service without it',
    ],
    [
      { services: [service("a", { ambient: ["all"], publish: ["80"] })] },
      'services.a.ambient[0]: got "all", which reaches the machine\'s links from a network beside the machine\'s; wanted userns: "private" beside it, net: "host", or the service without it',
    ],
    [
      { services: [service("a", { userns: "private", uidMappings: [] })] },
      'services.a.uidMappings: has no effect beside userns: "private", which sets up its own mapping; wanted userns: "new"',
    ],
    [
      { services: [service("a", { userns: "private", uid: 65_536 })] },
      'services.a.uid: got 65536, wanted at most 65535 beside userns: "private"',
    ],
    [
      { services: [service("a", { userns: "private", additionalGids: [4, 100_000] })] },
      'services.a.additionalGids[1]: got 100000, wanted at most 65535 beside userns: "private"',
    ],
    [
      { services: [service("a", { userns: "private", capabilities: ["CAP_CHOWN", "CAP_SYS_TIME"] })] },
      'services.a.capabilities[1]: got "CAP_SYS_TIME", which has no effect on the machine beside userns: "private"; wanted one of the two',
    ],
    [
      { services: [service("a", { userns: "private", capabilities: ["CAP_NET_BIND_SERVICE"], net: "host" })] },
      'services.a.capabilities[0]: got "CAP_NET_BIND_SERVICE", which has no effect on the machine\'s network beside userns: "private"; wanted net: "private" or "none", or one of the two',
    ],
    [
      { services: [service("a", { binds: [], "binds.add": [] })] },
      "services.a.binds.add: has no effect beside binds: wanted one of the two",
    ],
    [{ sevices: [] }, 'sevices: unknown property: did you mean "services"?'],
    [{ services: [{}] }, "services[0]: got an object, wanted new Service(NAME, { image })"],
    [{ services: service("a") }, "services: got an object, wanted a list of Service"],
    [{ onboot: [service("a")] }, "onboot[0]: got a Service, wanted new OnbootTask(NAME, { image })"],
    [{ init: [5] }, 'init[0]: got 5, wanted an image reference as "nginx:1.27", or an image made by debian.packages()'],
    [{ healthPort: 0 }, "healthPort: got 0, wanted at least 1"],
    [
      { onboot: [new OnbootTask("metadata", { image: "x" })], volumes: [new Volume("v", { persistent: { after: "metadta" } })] },
      'volumes.v.persistent.after: onboot task "metadta" not found: did you mean "metadata"?',
    ],
    [
      { volumes: [new Volume("v", { persistent: { after: "metadata" } })] },
      'volumes.v.persistent.after: onboot task "metadata" not found, wanted none: this image has no onboot tasks',
    ],
    [
      {
        onboot: [new OnbootTask("metadata", { image: "x", binds: ["v:/v"] })],
        volumes: [new Volume("v", { persistent: { after: "metadata" } })],
      },
      'onboot.metadata.binds[0]: volume "v" is mounted after the task "metadata", wanted this task behind it',
    ],
    [{ volumes: [new Volume("v", { persistent: {}, image: "x" })] }, "volumes.v.image: a persistent volume begins empty: wanted no image"],
    [
      { volumes: [new Volume("v", { persistent: {}, readonly: true })] },
      'volumes.v.readonly: got true, but then nothing could be written to a persistent volume: wanted the option "ro" in the binds that must not write',
    ],
    [
      { volumes: [new Volume("a", { persistent: { label: "b" } }), new Volume("b", { persistent: {} })] },
      'volumes.b.persistent: the label "b" is also that of volumes.a, wanted another',
    ],
    [
      { volumes: [new Volume("the-database-of-the-shop", { persistent: {} })] },
      'volumes.the-database-of-the-shop.persistent: the volume\'s name is not a filesystem label, wanted "label" with at most 16 letters, digits, ".", "_" or "-"',
    ],
    [{ volumes: [new Volume("v"), new Volume("v")] }, "volumes.v: two volumes have this name; to change the existing one, use replace()"],
  ] as const) {
    test(message, () =>
      assert.throws(() => new Image(args as never), {
        code: "INVALID_DEFINITION",
        message: message.replace("services.a.binds.add", 'services.a["binds.add"]'),
      }),
    );
  }
  test("and takes what only looks like it", () => {
    assert.ok(new Image({ services: [service("a", { health: { tcp: { port: 80 } }, net: "new" })], healthPort: 80 }));
    assert.ok(new Image({ services: [service("a", { health: { tcp: { port: 80 } }, publish: ["8080:80"] })], healthPort: 80 }));
    const binds = ["CAP_NET_BIND_SERVICE"] as const;
    for (const fields of [
      { net: "host" },
      { net: "private" },
      { publish: [] },
      { publish: ["80"] },
      { health: { tcp: { port: 80 } } },
      { publish: output(["80"]) },
      { net: output("host") },
      { health: { http: { port: output(8081) } } },
      { health: { tcp: { port: 8081 } }, publish: ["8081"] },
      { sandbox: "linuxkit" },
    ] as const)
      assert.ok(new Image({ services: [service("a", { capabilities: binds, ...fields } as never)] }));
    assert.ok(new Image({ services: [service("a", { capabilities: binds }), service("b", { egress: [{ to: "a", port: 80 }] })] }));
    assert.ok(
      new Image({
        services: [
          service("a", { health: { tcp: { port: 80 } }, publish: [] }),
          service("b", { health: { tcp: { port: 80 } }, publish: ["81:80"] }),
          service("c", { health: { tcp: { port: 80 } } }),
        ],
      }),
    );
    assert.ok(new Image({ services: [service("a", { after: ["b", "c"] }), service("b", { after: ["c"] }), service("c")] }));
    assert.ok(
      new Image({
        services: [
          service("a", { egress: [{ to: "b", port: 80 }, { to: "dns" }, { to: "any" }, { to: "10.0.0.0/8" }] }),
          service("b", { publish: ["53/udp", "53/tcp"] }),
        ],
      }),
    );
    assert.ok(new Image({ services: [service("a", { image: debianImage as never, uid: "www", gid: "www" })] }));
    assert.ok(
      new Image({
        services: [service("a", { binds: ["v:/v:nosuid,ro"], uid: "b" }), service("b")],
        volumes: [new Volume("v", { readonly: true })],
      }),
    );
    assert.ok(
      new Image({
        services: [
          service("a", { userns: "private", readonly: false, uid: 65_535, net: "none", capabilities: ["CAP_NET_RAW", "CAP_SETUID"] }),
        ],
      }),
    );
    for (const fields of [{ userns: "private" }, { net: "host" }, { net: "none" }, { sandbox: "linuxkit" }] as const)
      assert.ok(new Image({ services: [service("a", { capabilities: ["CAP_NET_ADMIN"], ...fields })] }));
    assert.ok(new Image({ services: [service("a", { binds: [output("v:/v")], uid: output("who") })], healthPort: output(80) }));
  });
});

describe("toYaml refuses by path", () => {
  test("what LinuxKit does not have", () =>
    assert.throws(
      () =>
        new Image({
          onboot: [new OnbootTask("t", { image: "x", sandbox: "linuxkit", optional: true })],
          services: [service("a", { restart: "never", secrets: { k: "v" }, sandbox: "linuxkit" }), service("b")],
          volumes: [new Volume("d", { persistent: {} })],
          healthPort: 1,
        }).toYaml(),
      {
        code: "UNSUPPORTED",
        message: [
          "onboot.t.optional: LinuxKit has no such field",
          "services.a.restart: LinuxKit has no such field",
          "services.a.secrets: LinuxKit has no such field",
          'services.b.sandbox: got "default"; LinuxKit has its own defaults only, wanted "linuxkit"',
          "volumes.d.persistent: LinuxKit has no such field",
          "healthPort: LinuxKit has no such field",
        ].join("\n"),
      },
    ));
  test("what is not known yet", () =>
    assert.throws(() => new Image({ services: [service("a", { cwd: output("/"), sandbox: "linuxkit" })] }).toYaml(), {
      message: "services.a.cwd: its value is not known yet, so it cannot be written as YAML",
    }));
});
