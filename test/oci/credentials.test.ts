import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { parseChallenges } from "../../sdk/oci/registry/challenge.ts";
import { dockerCredentials } from "../../sdk/oci/registry/credentials.ts";
import { endpointOf } from "../../sdk/oci/registry/endpoint.ts";
import { backOff } from "../../sdk/net/retry.ts";
import { redactUrl } from "../../sdk/net/redact.ts";

const folder = await mkdtemp(join(tmpdir(), "docker-config-"));
after(() => rm(folder, { recursive: true }));
const env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env.PATH}` };
const find = (registry: string) => dockerCredentials(env)({ registry });
const write = (config: unknown) => writeFile(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
const auth = Buffer.from("user:pass:word").toString("base64");

async function helper(name: string, script: string): Promise<void> {
  const path = join(folder, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

describe("docker's config.json gives the login for", () => {
  beforeEach(() => write({}));
  const login = { username: "user", password: "pass:word" };
  const rows: [string, unknown, string, unknown][] = [
    ["a host", { auths: { "ghcr.io": { auth } } }, "ghcr.io", login],
    ["a port", { auths: { "127.0.0.1:5000": { auth } } }, "127.0.0.1:5000", login],
    ["the named port only", { auths: { "127.0.0.1:5000": { auth } } }, "127.0.0.1:5001", undefined],
    ["a URL from an old client", { auths: { "https://ghcr.io/v2/": { auth } } }, "ghcr.io", login],
    ["Docker Hub's URL", { auths: { "https://index.docker.io/v1/": { auth } } }, "docker.io", login],
    ["a plain user name and password", { auths: { x: { username: "a", password: "b" } } }, "x", { username: "a", password: "b" }],
    ["an identity token", { auths: { x: { auth, identitytoken: "t" } } }, "x", { identityToken: "t" }],
    ["a registry token", { auths: { x: { registrytoken: "t" } } }, "x", { registryToken: "t" }],
    ["no registry from an empty entry, as a credsStore leaves it", { auths: { x: {} } }, "x", undefined],
    ["no registry from an empty file", {}, "x", undefined],
  ];
  for (const [name, config, registry, want] of rows) {
    test(name, async () => {
      await write(config);
      assert.deepEqual(await find(registry), want);
    });
  }
  test("no registry without a file", async () =>
    assert.equal(await dockerCredentials({ DOCKER_CONFIG: join(folder, "none") })({ registry: "x" }), undefined));
  test("no registry from a malformed file, which is CORRUPT", async () => {
    await write("{");
    await assert.rejects(find("x"), { code: "CORRUPT", message: /config\.json is not JSON/ });
    await write({ auths: { x: { auth: "####" } } });
    await assert.rejects(find("x"), { code: "CORRUPT", message: /auths\.x\.auth/ });
  });
});

describe("credential helpers", () => {
  test("come in order: the registry's helper, the common store, the file", async () => {
    await helper("own", 'read server; echo "{\\"Username\\":\\"own\\",\\"Secret\\":\\"$1 $server\\"}"');
    await helper(
      "store",
      'read server; test "$server" = y || { echo "credentials not found in native keychain"; exit 1; }; echo \'{"Username":"<token>","Secret":"t"}\'',
    );
    await write({ credHelpers: { x: "own" }, credsStore: "store", auths: { x: { auth }, z: { auth } } });
    assert.deepEqual(await find("x"), { username: "own", password: "get x" });
    assert.deepEqual(await find("y"), { identityToken: "t" });
    assert.deepEqual(await find("z"), { username: "user", password: "pass:word" });
  });
  test("that fail are named, with what they print", async () => {
    await helper("bad", "echo broken >&2; exit 3");
    await write({ credsStore: "bad" });
    await assert.rejects(find("x"), { code: "ACCESS_DENIED", message: /docker-credential-bad failed to get the login for x: broken/ });
  });
  test("that are not on PATH are TOOL_MISSING", async () => {
    await write({ credsStore: "nowhere" });
    await assert.rejects(find("x"), { code: "TOOL_MISSING", message: /docker-credential-nowhere, which is not on PATH/ });
  });
  test("with a path for a name are TOOL_MISSING", async () => {
    await write({ credsStore: "../x" });
    await assert.rejects(find("x"), { code: "TOOL_MISSING" });
  });
});

describe("parseChallenges reads", () => {
  const shown = (header: string) => parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
  const rows: [string, unknown][] = [
    [
      'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
      [["bearer", { realm: "https://a/t", service: "s", scope: "repository:x:pull,push" }]],
    ],
    [
      'Basic realm="a \\"b\\"", Bearer realm=x',
      [
        ["basic", { realm: 'a "b"' }],
        ["bearer", { realm: "x" }],
      ],
    ],
    [
      "Negotiate, Basic realm=x",
      [
        ["negotiate", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    ["bearer Realm = x", [["bearer", { realm: "x" }]]],
    ["", []],
  ];
  for (const [header, want] of rows) test(header || "an empty header", () => assert.deepEqual(shown(header), want));
});

describe("endpointOf", () => {
  const rows: [string, Record<string, string>, string, string][] = [
    ["docker.io", {}, "docker.io", "https://registry-1.docker.io/v2/"],
    ["ghcr.io", {}, "ghcr.io", "https://ghcr.io/v2/"],
    ["localhost:5000", {}, "localhost:5000", "http://localhost:5000/v2/"],
    ["127.0.0.1", {}, "127.0.0.1", "http://127.0.0.1/v2/"],
    ["docker.io", { "docker.io": "http://127.0.0.1:1" }, "127.0.0.1:1", "http://127.0.0.1:1/v2/"],
    ["docker.io", { "index.docker.io": "https://m/hub/" }, "m", "https://m/v2/hub/"],
    ["ghcr.io", { "docker.io": "http://127.0.0.1:1" }, "ghcr.io", "https://ghcr.io/v2/"],
  ];
  for (const [registry, mirrors, host, base] of rows) {
    test(`finds ${base} for ${registry} with the mirrors ${JSON.stringify(mirrors)}`, () =>
      assert.deepEqual({ ...endpointOf(registry, mirrors), base: endpointOf(registry, mirrors).base.href }, { registry: host, base }));
  }
  for (const mirror of ["127.0.0.1:5000", "ftp://m", "https://u:p@m/?a=b", "https://m/?a=b", ""]) {
    test(`refuses the mirror ${JSON.stringify(mirror)}`, () =>
      assert.throws(() => endpointOf("docker.io", { "docker.io": mirror }), {
        code: "INVALID_DEFINITION",
        message: /^registryMirrors\["docker\.io"\]: got /,
      }));
  }
});

test("back-off doubles up to its bound, is random below it, and respects Retry-After", () => {
  const policy = { attempts: 9, baseMs: 100, maxMs: 1000 };
  const most = [1, 2, 3, 4, 5].map((attempt) => backOff(policy, attempt, null, () => 1));
  assert.deepEqual(most, [100, 200, 400, 800, 1000]);
  assert.equal(
    backOff(policy, 3, null, () => 0.5),
    200,
  );
  assert.equal(
    backOff({ ...policy, maxMs: 5000 }, 1, "2", () => 0.5),
    2000,
  );
  assert.equal(
    backOff(policy, 1, "3600", () => 0.5),
    1000,
  );
  assert.equal(
    backOff(policy, 1, "soon", () => 0),
    0,
  );
});

test("a URL is shown without its user, password and query values", () => {
  assert.equal(redactUrl("https://user:secret@host/path?X-Signature=abc&x=y#z"), "https://host/path?X-Signature=…&x=…");
});
