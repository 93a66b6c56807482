import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { makeAuthority } from "../../sdk/api/certificate.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { File } from "../../sdk/definition/file.ts";
import { Kernel } from "../../sdk/definition/kernel.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { Volume } from "../../sdk/definition/volume.ts";

const service = (fields: object): Service => new Service("web", { image: "nginx", ...fields } as ServiceArgs);

const CA = makeAuthority("test", 1).certificate;

/** What is wrong in a literal: the message, which begins with the path. */
const REFUSED: readonly (readonly [() => unknown, string])[] = [
  [
    () => service({ capabilities: ["CAP_CHOWN", "CAP_NET_BIND"] }),
    'services.web.capabilities[1]: got "CAP_NET_BIND", wanted the name of a capability: did you mean "CAP_NET_BIND_SERVICE"?',
  ],
  [
    () => service({ capabilities: ["cap_chown"] }),
    'services.web.capabilities[0]: got "cap_chown", wanted the name of a capability: did you mean "CAP_CHOWN"?',
  ],
  [() => service({ capabilities: ["all", "CAP_CHOWN"] }), 'services.web.capabilities[0]: got "all", wanted "all" alone in its list'],
  [() => service({ capabilites: [] }), 'services.web.capabilites: unknown property: did you mean "capabilities"?'],
  [() => service({ health: { http: { port: 70000 } } }), "services.web.health.http.port: got 70000, wanted at most 65535"],
  [
    () => service({ health: { http: { port: 80, path: "x" } } }),
    'services.web.health.http.path: got "x", wanted a path that begins with "/"',
  ],
  [() => service({ health: {} }), "services.web.health: got an object, wanted exactly one of http, https, tcp and command"],
  [
    () => service({ health: { http: { port: 1 }, tcp: { port: 1 } } }),
    "services.web.health: got an object, wanted exactly one of http, https, tcp and command",
  ],
  [() => service({ health: { tcp: { port: 1 }, interval: 0 } }), "services.web.health.interval: got 0, wanted more than 0"],
  [
    () => service({ restart: "alway" }),
    'services.web.restart: got "alway", wanted one of "always", "on-failure", "never": did you mean "always"?',
  ],
  [() => service({ restartLimit: { count: 0 } }), "services.web.restartLimit.count: got 0, wanted at least 1"],
  [
    () => service({ log: { forward: "https://logs" } }),
    'services.web.log.forward: got "https://logs", wanted "tcp://10.0.0.5:601" or "http://10.0.0.5:8080/path", with an IPv4 address',
  ],
  [() => service({ publish: ["80:0"] }), 'services.web.publish[0]: got "80:0", wanted "80", "8080:80" or "8080:80/udp"'],
  [() => service({ egress: [{ to: "10.0.0.0/8", port: 0 }] }), "services.web.egress[0].port: got 0, wanted at least 1"],
  [
    () => service({ seccomp: "unconfind" }),
    'services.web.seccomp: got "unconfind", wanted "default" or "unconfined": did you mean "unconfined"?',
  ],
  [
    () => service({ seccomp: { base: "default", allow: ["keyctll"] } }),
    'services.web.seccomp.allow[0]: got "keyctll", wanted the name of a system call, as "keyctl": did you mean "keyctl"?',
  ],
  [
    () => service({ seccomp: { base: "default", allow: [] } }),
    "services.web.seccomp.allow: got an empty list, wanted at least one system call",
  ],
  [() => service({ seccomp: { base: "default" } }), "services.web.seccomp.allow: missing, wanted a list"],
  [() => service({ health: { http: {} } }), "services.web.health.http.port: missing, wanted a port, or socket: the path of a UNIX socket"],
  [
    () => service({ health: { http: { port: 80, socket: "/run/a.sock" } } }),
    'services.web.health.http.socket: got "/run/a.sock", wanted exactly one of port and socket',
  ],
  [
    () => service({ health: { http: { socket: "run/a.sock" } } }),
    'services.web.health.http.socket: got "run/a.sock", wanted an absolute path, as "/run/app.sock"',
  ],
  [
    () => service({ health: { https: { port: 6443 } } }),
    "services.web.health.https.ca: missing, wanted the authority's certificate as PEM, or caSecret: the name of a secret of the service that holds it",
  ],
  [
    () => service({ health: { https: { port: 6443, ca: CA, caSecret: "ca" } }, secrets: { ca: "" } }),
    'services.web.health.https.caSecret: got "ca", wanted exactly one of ca and caSecret',
  ],
  [
    () => service({ health: { https: { port: 6443, ca: CA, serverName: "https://kubernetes:6443" } } }),
    'services.web.health.https.serverName: got "https://kubernetes:6443", wanted a host name or an address, without scheme and port, as "kubernetes"',
  ],
  [() => service({ seccomp: { defaultAction: "SCMP_ACT_ERRNO" } }), "services.web.seccomp.syscalls: missing, wanted a list"],
  [() => service({ binds: ["data"] }), 'services.web.binds[0]: got "data", wanted "source:/destination" or "source:/destination:options"'],
  [() => service({ tmpfs: ["tmp"] }), 'services.web.tmpfs[0]: got "tmp", wanted "/destination" or "/destination:options"'],
  [
    () => service({ rlimits: ["nofiles,1,2"] }),
    /^services\.web\.rlimits\[0\]: got "nofiles,1,2", wanted a limit of .*: did you mean "nofile"\?$/,
  ] as never,
  [
    () => service({ devices: [{ path: "/dev/x", type: "c" }] }),
    'services.web.devices[0].mode: missing, wanted octal digits in quotes, as "0660"',
  ],
  [
    () => service({ resources: { memory: { limit: "1g" } } }),
    'services.web.resources.memory.limit: got "1g", wanted a number of bytes: 1073741824',
  ],
  [() => service({ resources: { memory: { limit: 1.5 } } }), "services.web.resources.memory.limit: got 1.5, wanted a whole number"],
  [
    () => service({ mounts: [{ type: "ext4", source: "/dev/vda" }] }),
    'services.web.mounts[0].destination: missing, wanted an absolute path: type "ext4" has no default destination',
  ],
  [() => service({ env: "A=1" }), 'services.web.env: got "A=1", wanted variables by name, as { LEVEL: "info" }, or a list of "NAME=value"'],
  [
    () => service({ runtime: { mkdir: ["../x"] } }),
    'services.web.runtime.mkdir[0]: got "../x", wanted a path that stays in the tree, without ".."',
  ],
  [() => service({ optional: true }), /^services\.web\.optional: unknown property, wanted one of /] as never,
  [() => service({ image: "" }), 'services.web.image: got "", wanted text that is not empty'],
  [() => service({ image: { debian: {} } }), /^services\.web\.image\.debian\.role: missing, wanted one of "packages"/] as never,
  [
    () => service({ secrets: { "a/b": "x" } }),
    'services.web.secrets.a/b: got "a/b" as a name, wanted at most 64 letters, digits or "_", "-", "."',
  ],
  [
    () => new Service("../x", { image: "a" }),
    'services["../x"]: got "../x", wanted at most 76 letters, digits or "_", "+", "-", ".", not beginning with "." or "-"',
  ],
  [() => new Service("web", undefined as never), "services.web: missing, wanted an object { image, … }"],
  [() => new OnbootTask("t", { image: "a", timeout: -1 }), "onboot.t.timeout: got -1, wanted at least 0"],
  [() => new Kernel({ image: "a", cmdlin: "x" } as never), 'kernel.cmdlin: unknown property: did you mean "cmdline"?'],
  [() => new Kernel({ image: "a", cmdline: "a\nb" }), 'kernel.cmdline: got "a\\nb", wanted one line'],
  [
    () => new File("/etc/../../x", { contents: "" }),
    'files["/etc/../../x"]: got "/etc/../../x", wanted a path that stays in the tree, without ".."',
  ],
  [() => new File("/", { directory: true }), 'files./: got "/", wanted a path that stays in the tree, without ".."'],
  [() => new File("a", { contents: "", mode: "rw-r--r--" }), 'files.a.mode: got "rw-r--r--", wanted octal digits in quotes, as "0644"'],
  [
    () => new File("a", { contents: "x", source: "y" } as never),
    "files.a: got an object, wanted exactly one of directory, symlink, contents, source and metadata, not contents and source",
  ],
  [() => new Volume("Data"), 'volumes.Data: got "Data", wanted lower-case letters, digits, _ and -'],
  [
    () => new Volume("data", { persistent: { label: "my data" } }),
    'volumes.data.persistent.label: got "my data", wanted a label of at most 16 letters, digits, ".", "_" or "-"',
  ],
  [
    () => new Volume("data", { persistent: { serial: "a", device: "/dev/vda" } }),
    'volumes.data.persistent.serial: got "a", wanted one of serial and device',
  ],
  [
    () => new Volume("data", { persistent: { device: "vda" } }),
    'volumes.data.persistent.device: got "vda", wanted a device such as /dev/vdb',
  ],
  [
    () => new Volume("data", { persistent: { lable: "x" } as never }),
    'volumes.data.persistent.lable: unknown property: did you mean "label"?',
  ],
];

describe("a constructor refuses, naming the path, what it got and what it wants", () => {
  for (const [make, message] of REFUSED) {
    test(String(message).slice(0, 100), () =>
      assert.throws(make, (error) => {
        assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"));
        const wanted: unknown = message;
        if (wanted instanceof RegExp) assert.match(error.message.split("\n")[0] as string, wanted);
        else assert.equal(error.message, wanted);
        assert.ok(error.message.startsWith(error.detail.path));
        return true;
      }),
    );
  }
});

test("all failures come at once, the first one's path in the detail", () =>
  assert.throws(() => service({ readonly: 1, uid: -1 }), {
    message: "services.web.readonly: got 1, wanted true or false\nservices.web.uid: got -1, wanted at least 0",
    detail: {
      path: "services.web.readonly",
      failures: [
        { path: "services.web.readonly", message: "got 1, wanted true or false" },
        { path: "services.web.uid", message: "got -1, wanted at least 0" },
      ],
    },
  }));

test("a wrong secret is never shown", () =>
  assert.throws(
    () => service({ secrets: ["hunter2"] }),
    (error: Error) => !error.message.includes("hunter2") && error.message.startsWith("services.web.secrets: "),
  ));

describe("an Output is not judged, the literals around it are", () => {
  const unknown = output("CAP_NO_SUCH");
  test("it is kept as it is", () => {
    const { spec } = service({ capabilities: [unknown], env: output(["A=1"]), health: { http: { port: output(80) } } });
    assert.equal((spec.capabilities as unknown[])[0], unknown);
    assert.ok(Object.isFrozen(spec) && Object.isFrozen(spec.capabilities));
    assert.ok(!Object.isFrozen(unknown));
  });
  test("in a union", () => assert.ok(service({ image: output("nginx"), uid: Promise.resolve(5) })));
  test("in an image made from packages", () => {
    const image = {
      debian: { role: "packages", packages: [unknown], dependencies: "slim", keep: [], users: [], groups: [], files: [] },
      config: {},
    };
    assert.ok(service({ image }));
    assert.throws(() => service({ image: { ...image, config: { net: 5 } } }), {
      message: "services.web.image.config.net: got 5, wanted a string: put it in quotes",
    });
  });
  test("beside it", () =>
    assert.throws(
      () => service({ capabilities: [unknown, "CAP_X"] }),
      (error) => isLinuxKitError(error, "INVALID_DEFINITION") && error.detail.path === "services.web.capabilities[1]",
    ));
});

test("what was given is copied: changing it afterwards changes nothing", () => {
  const env = ["A=1"];
  const made = service({ env });
  env.push("B=2");
  assert.deepEqual(made.spec.env, ["A=1"]);
});
