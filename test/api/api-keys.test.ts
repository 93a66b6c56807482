import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { metadataText } from "../../sdk/definition/metadata.ts";
import { ApiKeys, debian, Image, ImageBuild, Kernel, Service } from "../../sdk/index.ts";
import { Secret } from "../../sdk/plugin/value.ts";
import { makeMachineKeys } from "../../sdk/api/keys.ts";
import { openPorts } from "../../sdk/machine/open-ports.ts";
import { apiKeys } from "../../sdk/resource/plugin/api-keys.ts";

const registered = new Map<string, pulumi.runtime.MockResourceArgs>();
pulumi.runtime.setMocks({
  call: () => ({}),
  newResource(args) {
    registered.set(args.name, args);
    const { clientCa, server } = keys;
    return { id: args.name, state: { ...args.inputs, clientCa, certificate: server.certificate, key: server.key } };
  },
});
const keys = makeMachineKeys("test", 30);
const settled = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply((value) => resolve(value)));
const api = { port: 8443, clientCa: keys.clientCa, ...keys.server };
const kernel = new Kernel({ image: debian.kernel() });
const init = [debian.init()];
const nginx = debian.packages({ packages: ["nginx-light"] });

describe("ApiKeys", () => {
  test("makes keys once, the private ones as secrets", async () => {
    const work = {
      urn: "urn:pulumi:s::p::t::web",
      name: "web",
      signal: new AbortController().signal,
      timeoutSeconds: 60,
      progress() {},
      config: {},
    };
    const { id, outputs } = await apiKeys.create({ ...work, inputs: { validDays: 30, generation: "" } });
    assert.match(id, /^web-[0-9a-f]{16}$/);
    const given = outputs as unknown as Record<string, unknown>;
    for (const name of ["key", "reader", "administrator"]) assert.ok(given[name] instanceof Secret, name);
    const { ca, certificate, key } = JSON.parse(String((given.reader as Secret).value)) as Record<string, string>;
    assert.equal(ca, given.clientCa);
    assert.match(`${certificate}${key}`, /^-----BEGIN CERTIFICATE-----[\s\S]*-----BEGIN PRIVATE KEY-----/);
    // what is there stays as it is
    const preview = await apiKeys.preview?.({ ...work, inputs: {}, old: { id, inputs: { validDays: 30, generation: "" }, outputs } });
    assert.deepEqual(preview, outputs);
  });

  test("the key of an image is a secret of its build, given as an Output or as text", async () => {
    const own = new ApiKeys("own");
    for (const [name, given] of [
      ["output", own.api(8443)],
      ["text", api],
    ] as const) {
      const build = new ImageBuild(name, { image: new Image({ kernel, init, api: given }) });
      await settled(build.urn);
      // the engine's mocks get a whole input as a secret when a part of it is one
      const { image } = (registered.get(name) as pulumi.runtime.MockResourceArgs).inputs;
      assert.equal(image["4dabf18193072939515e22adb298388d"], "1b47061264138c4ac30d75fd1eb44270");
      assert.deepEqual([image.value.api.port, image.value.api.key], [8443, keys.server.key]);
    }
  });
});

describe("an image with an interface", () => {
  const refused = (change: () => unknown): string => {
    try {
      change();
    } catch (error) {
      assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"));
      return error.message;
    }
    return assert.fail("it was taken");
  };

  test("opens its port, and no other has it", () => {
    assert.deepEqual([...(openPorts(new Image({ kernel, init, api }).spec) ?? [])], ["8443/tcp"]);
    assert.match(
      refused(() => new Image({ kernel, init, api, healthPort: 8443 })),
      /api\.port: got 8443, which is healthPort/,
    );
    const publishes = new Service("web", { image: nginx, publish: ["8443:80"] });
    assert.match(
      refused(() => new Image({ kernel, init, api, services: [publishes] })),
      /services\.web\.publish\[0\].*api\.port/,
    );
    const host = new Service("web", { image: nginx, net: "host", health: { tcp: { port: 8443 } } });
    assert.match(
      refused(() => new Image({ kernel, init, api, services: [host] })),
      /api\.port: got 8443, on which services\.web answers/,
    );
  });

  test("needs the guest's own init, and keys that are keys", () => {
    assert.match(
      refused(() => new Image({ init: ["linuxkit/init:1"], api })),
      /api: got an interface, which needs the guest's own init/,
    );
    const message = refused(() => new Image({ kernel, init, api: { ...api, key: "hush-hush" } }));
    assert.match(message, /api\.key: got a secret, wanted a private key, as PEM/);
    assert.doesNotMatch(message, /hush/);
  });

  test("is merged, removed, and shows no key in its metadata", () => {
    const image = new Image({ kernel, init }).with({ api });
    assert.deepEqual(image.spec.api, api);
    assert.equal(image.without("api").spec.api, undefined);
    for (const kind of ["yaml", "json"] as const) {
      const text = metadataText(image.spec, kind);
      assert.ok(!text.includes("PRIVATE KEY") && text.includes("8443"), text);
    }
    assert.throws(() => image.toYaml(), /api: .*LinuxKit has no such field/);
  });
});
