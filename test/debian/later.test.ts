import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output, secret } from "@pulumi/pulumi/output.js";
import { UNKNOWN } from "../../sdk/core/deferred.ts";
import { debian } from "../../sdk/debian/images.ts";
import { checkDefinition } from "../../sdk/definition/check-definition.ts";
import { Image, OnbootTask, Service } from "../../sdk/index.ts";

const later = output("port = 8080\n");

describe("a file of debian.packages may be an Output", () => {
  const shapes = {
    "its content": [
      { path: "/etc/app.conf", contents: later },
      { path: "/etc/plain", contents: "x" },
    ],
    "a secret content": [{ path: "/etc/app.conf", contents: secret("hush"), mode: "0600" }],
    "its path": [{ path: output("/etc/app.conf"), contents: "x" }],
    "the file": [output({ path: "/etc/app.conf", contents: "x" })],
    "the list": output([{ path: "/etc/app.conf", contents: "x" }]),
  };
  for (const [name, files] of Object.entries(shapes))
    test(name, () => {
      const image = debian.packages({ packages: ["nginx-light"], files, command: ["nginx"] });
      assert.deepEqual(image.debian.files, files);
      assert.deepEqual([image.debian.packages, image.config.command], [["nginx-light"], ["nginx"]]);
      const os = new Image({ onboot: [new OnbootTask("first", { image })], services: [new Service("web", { image })] });
      const found = os.spec.services.web?.image;
      assert.ok(typeof found === "object");
      assert.deepEqual(found.debian.files, files);
      // a build outside of a program cannot wait for it
      assert.match(JSON.stringify(checkDefinition(os.spec, { complete: true })), /Outputs work only in the resources of a Pulumi program/);
    });

  test("and what is known beside it is checked", () => {
    const wrong = { packages: ["nginx-light"], files: [{ path: "/etc/app.conf", contents: later, mode: "9" }] };
    assert.throws(() => debian.packages(wrong), { code: "INVALID_DEFINITION", message: /^debian\.packages: files\[0\]\.mode: got "9"/ });
  });

  test("and a preview, where it is unknown, takes it", () => {
    const image = debian.packages({ packages: ["nginx-light"], files: [{ path: "/etc/app.conf", contents: UNKNOWN as never }] });
    assert.ok("definition" in checkDefinition({ services: { web: { image } }, onboot: [{ name: "first", image }] }));
  });
});

describe("an Output that a function of debian must read is refused", () => {
  const calls: Readonly<Record<string, () => unknown>> = {
    "debian.packages: packages[0]": () => debian.packages({ packages: [output("nginx-light") as never] }),
    "debian.packages: env": () => debian.packages({ packages: ["nginx-light"], env: output({ A: "b" }) as never }),
    "debian.packages: users[0].uid": () =>
      debian.packages({ packages: ["nginx-light"], users: [{ name: "app", uid: output(1) as never }] }),
    "debian.dhcp: timeout": () => debian.dhcp({ timeout: output(5) as never }),
    'debian.sysctl: ["kernel.panic"]': () => debian.sysctl({ "kernel.panic": output("1") as never }),
    "debian.getty: passwordHash": () => debian.getty({ passwordHash: output("x") as never }),
    "debian.sshd: authorizedKeys[0]": () => debian.sshd({ authorizedKeys: [output("ssh-ed25519 AAAA") as never] }),
    "debian.kernel: flavour": () => debian.kernel({ flavour: output("cloud") as never }),
    "debian.chrony: servers": () => debian.chrony({ servers: output(["pool.ntp.org"]) as never }),
  };
  for (const [where, call] of Object.entries(calls))
    test(where, () =>
      assert.throws(call, (error: Error & { code?: string }) => {
        assert.equal(error.code, "INVALID_DEFINITION", String(error));
        assert.ok(error.message.startsWith(`${where}: got an Output, wanted a value`), error.message);
        return true;
      }),
    );
});
