import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { Digest } from "../../sdk/core/digest.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { UNKNOWN } from "../../sdk/plugin/value.ts";
import type { ImageBuildInputs } from "../../sdk/resource/image-build-inputs.ts";
import { withArtifactFiles } from "../../sdk/resource/artifact-files.ts";
import { imageBuildType } from "../../sdk/resource/image-build-verbs.ts";
import { recordingBuilder } from "../support/builder.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const cacheDir = await mkdtemp(join(tmpdir(), "linuxkit-cache-"));
after(() => rm(cacheDir, { recursive: true, force: true }));

const builder = recordingBuilder();
const type = imageBuildType(builder, cacheDir);
const subject = { urn: "urn:pulumi:test::probe::linuxkit:index:ImageBuild::web", name: "web" };
const work = { ...subject, signal: new AbortController().signal, timeoutSeconds: 60, progress: () => {}, config: {} as Properties };

const SERVICE = { image: "docker.io/library/nginx:1.27", capabilities: ["CAP_CHOWN"] };
const IMAGE = { init: [], onboot: [], onshutdown: [], services: { web: SERVICE }, volumes: {}, files: [] };

const PAIR = makeKeyPair();
const SIGNED = { image: IMAGE, formats: ["raw-efi"], secureBoot: PAIR };

const ARTIFACT = `registry.example.com/team/os@sha256:${"5".repeat(64)}`;
const { privateKey: KEY, publicKey: PUBLIC_KEY } = generateKeyPairSync("ec", { namedCurve: "P-256", publicKeyEncoding: { type: "spki", format: "pem" }, privateKeyEncoding: { type: "pkcs8", format: "pem" } });

const check = async (inputs: Properties) => (await type.check?.({ ...subject, inputs, isSecret: () => false })) as Required<Awaited<ReturnType<NonNullable<typeof type.check>>>>;
const checked = async (inputs: Properties) => (await check(inputs)).inputs as unknown as ImageBuildInputs;

describe("check", () => {
  test("completes", async () => {
    const { inputs, failures } = await check({ image: IMAGE });
    assert.deepEqual(failures, []);
    assert.deepEqual({ ...inputs, image: undefined }, { image: undefined, formats: ["kernel+initrd"], name: "web", arch: "amd64", update: "locked" });
  });

  test("is idempotent: what was checked is checked to the same", async () => {
    const once = await check({ image: IMAGE });
    assert.deepEqual((await check(once.inputs)).inputs, once.inputs);
  });

  const bad: readonly (readonly [string, Properties, string, RegExp])[] = [
    ["no image", {}, "image", /missing/],
    ["an image that is none", { image: "web" }, "image", /got "web", wanted an object/],
    ["a wrong leaf, by its path", { image: { ...IMAGE, services: { web: { ...SERVICE, capabilities: ["CAP_CHOWNN"] } } } }, "image.services.web.capabilities[0]", /CAP_CHOWNN/],
    ["an unknown field", { image: { ...IMAGE, kernal: {} } }, "image.kernal", /unknown field/],
    ["a format that is none", { image: IMAGE, formats: ["kernel+initrd", "floppy"] }, "formats[1]", /got "floppy", wanted kernel\+initrd or tar/],
    ["a format twice", { image: IMAGE, formats: ["tar", "tar"] }, "formats[1]", /second time/],
    ["a format of LinuxKit's that is not made", { image: IMAGE, formats: ["kernel+iso"] }, "formats[0]", /kernel\+iso is not made: .*use iso-bios/],
    ["a disk of no size", { image: IMAGE, diskMiB: 0.5 }, "diskMiB", /got 0.5, wanted a whole number of MiB/],
    ["no format", { image: IMAGE, formats: [] }, "formats", /an empty list/],
    ["an architecture that is none", { image: IMAGE, arch: "x86" }, "arch", /got "x86", wanted amd64 or arm64 or s390x/],
    ["a name that leaves the folder", { image: IMAGE, name: "../web" }, "name", /file name/],
    ["an update that is none", { image: IMAGE, update: "never" }, "update", /got "never"/],
    ["a mirror that is none", { image: IMAGE, debianMirror: 7 }, "debianMirror", /got 7/],
    ["a mirror that is no URL", { image: IMAGE, registryMirrors: { "docker.io": "x" } }, 'registryMirrors["docker.io"]', /got "x", wanted a URL/],
    ["an SBOM that is none", { image: IMAGE, sbom: "yes" }, "sbom", /got "yes", wanted true, false or \{ path \}/],
    ["an SBOM that leaves the OS", { image: IMAGE, sbom: { path: "../sbom.json" } }, "sbom", /got "\.\.\/sbom\.json"/],
    ["a rule for signatures without registry", { image: IMAGE, verify: { linuxkit: "x" } }, "verify.linuxkit", /begins with no registry, wanted one as "docker\.io\/linuxkit"/],
    ["a rule for signatures without key", { image: IMAGE, verify: { "docker.io": 7 } }, 'verify["docker.io"]', /got 7, wanted a public key as PEM/],
    ["a rule for signatures whose key is none", { image: IMAGE, verify: { "docker.io": "cosign.pub" } }, 'verify["docker.io"]', /got no key, wanted one as PEM/],
    ["a key for Secure Boot that is none", { ...SIGNED, secureBoot: { ...PAIR, key: "swordfish" } }, "secureBoot.key", /^wanted an RSA key as PEM/],
    ["a key for Secure Boot without certificate", { ...SIGNED, secureBoot: { key: PAIR.key } }, "secureBoot.certificate", /^missing, wanted PEM/],
    ["a certificate for another key", { ...SIGNED, secureBoot: { ...PAIR, certificate: makeKeyPair().certificate } }, "secureBoot.certificate", /^it is for another key/],
    ["a misspelt part of Secure Boot", { ...SIGNED, secureBoot: { ...PAIR, cert: "x" } }, "secureBoot.cert", /unknown property/],
    ["Secure Boot by a word", { ...SIGNED, secureBoot: "swordfish" }, "secureBoot", /^got no object/],
    ["Secure Boot without a program to sign", { image: IMAGE, secureBoot: PAIR }, "secureBoot", /^there is no EFI program to sign in kernel\+initrd/],
    ["an artifact without digest", { artifact: "registry.example.com/os:1" }, "artifact", /wanted a digest, as registry/],
    ["an artifact that is no text", { artifact: 7 }, "artifact", /got no text/],
    ["an image beside an artifact", { artifact: ARTIFACT, image: IMAGE }, "image", /of no use beside artifact/],
    ["a format beside an artifact", { artifact: ARTIFACT, formats: ["tar"] }, "formats", /of no use beside artifact/],
    ["a push to a digest", { image: IMAGE, push: ARTIFACT }, "push.to", /wanted a tag/],
    ["a push to nowhere", { image: IMAGE, push: {} }, "push.to", /missing/],
    ["a push with another option", { image: IMAGE, push: { to: "r.example/os:1", tag: "2" } }, "push.tag", /unknown property/],
    ["a push signed by no key", { image: IMAGE, push: { to: "r.example/os:1", sign: "swordfish" } }, "push.sign", /^got no key, wanted one as PEM/],
    ["a push signed by no text", { image: IMAGE, push: { to: "r.example/os:1", sign: { key: 7 } } }, "push.sign.key", /got no text/],
    ["a cache with a tag", { image: IMAGE, cache: { from: ["r.example/a", "r.example/b:1"] } }, "cache.from[1]", /wanted a repository without tag/],
    ["a cache that is none", { image: IMAGE, cache: "r.example/a" }, "cache", /wanted \{ from\?, to\?, sign\? \}/],
    ["a cache signed by no key", { image: IMAGE, cache: { to: "r.example/a", sign: "swordfish" } }, "cache.sign", /^got no key, wanted one as PEM/],
    ["a cache signed by no text", { image: IMAGE, cache: { to: "r.example/a", sign: { key: 7 } } }, "cache.sign.key", /got no text/],
    ["a cache with another option", { image: IMAGE, cache: { form: "r.example/a" } }, "cache.form", /unknown property/],
    ["a misspelt property", { image: IMAGE, fromat: "tar" }, "fromat", /unknown property/],
  ];
  for (const [name, inputs, path, message] of bad) {
    test(`refuses ${name}`, async () => {
      const { failures } = await check(inputs);
      assert.deepEqual(failures.map((failure) => failure.path), [path]);
      assert.match(failures[0]?.message ?? "", message);
    });
  }

  test("passes over what is not known", async () => {
    const inputs: Properties = { image: { ...IMAGE, services: { web: { ...SERVICE, env: [UNKNOWN] } } }, formats: UNKNOWN, debianMirror: UNKNOWN, registryMirrors: UNKNOWN, arch: UNKNOWN, sbom: { path: UNKNOWN }, verify: { "docker.io": UNKNOWN }, secureBoot: { key: UNKNOWN, certificate: PAIR.certificate } };
    assert.deepEqual((await check(inputs)).failures, []);
    assert.deepEqual((await check({ image: UNKNOWN })).failures, []);
    assert.deepEqual((await check({ artifact: UNKNOWN })).failures, []);
  });

  test("gives push one form", async () => {
    assert.deepEqual((await check({ image: IMAGE, push: "r.example/os:1" })).inputs.push, { to: "r.example/os:1" });
    const { inputs, failures } = await check({ image: IMAGE, push: { to: "r.example/os:1", sign: KEY } });
    assert.deepEqual([inputs.push, failures], [{ to: "r.example/os:1", sign: { key: KEY } }, []]);
    assert.deepEqual((await check(inputs)).inputs, inputs);
  });
});

describe("diff", () => {
  const diff = async (old: Properties, now: Properties) => {
    const [oldInputs, { inputs }] = [await checked(old), await check(now)];
    const { changed, drifted } = await (type.diff as NonNullable<typeof type.diff>)({ ...subject, id: "web", inputs, oldInputs, oldOutputs: {} as never });
    return { ...Object.fromEntries(changed), ...Object.fromEntries(drifted ?? []) };
  };

  test("nothing", async () => assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, arch: "amd64" }), {}));
  test("one capability is one leaf, changed in place", async () => {
    const changed = { ...IMAGE, services: { web: { ...SERVICE, capabilities: ["CAP_SETUID"] } } };
    assert.deepEqual(await diff({ image: IMAGE }, { image: changed }), { "image.services.web.capabilities[0]": "update" });
  });
  test("where bytes come from is no change", async () => {
    const now = { image: IMAGE, debianMirror: "http://127.0.0.1/debian", registryMirrors: { "docker.io": "http://127.0.0.1" }, cache: { from: "r.example/a", to: "r.example/a" } };
    assert.deepEqual(await diff({ image: IMAGE }, now), {});
  });
  test("another architecture is an update too: a replacement would lose the lock", async () => {
    assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, arch: "arm64" }), { arch: "update" });
  });
  test("update: always asks each time", async () => {
    assert.deepEqual(await diff({ image: IMAGE, update: "always" }, { image: IMAGE, update: "always" }), { lock: "update" });
  });
  test("where it is published", async () => {
    assert.deepEqual(await diff({ image: IMAGE }, { image: IMAGE, push: "r.example/os:1" }), { push: "update" });
    assert.deepEqual(await diff({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE, push: "r.example/os:2" }), { "push.to": "update" });
  });
  test("a local image that was made anew", async () => {
    const image = { ...IMAGE, services: { web: { ...SERVICE, image: "oci:./x:tag" } } };
    const at = (digit: string) => ({ image, localImages: { "oci:./x:tag": `sha256:${digit.repeat(64)}` } });
    assert.deepEqual(await diff(at("a"), at("b")), { 'localImages["oci:./x:tag"]': "update" });
  });
});

describe("preview", () => {
  const previewed = async (old: Properties | undefined, now: Properties) => {
    const { inputs } = await check(now);
    const oldInputs = old && (await checked(old));
    const outputs = oldInputs && (await type.create({ ...work, inputs: oldInputs })).outputs;
    const seen = await type.preview?.({ ...subject, inputs, ...(oldInputs && outputs && { old: { id: "web", inputs: oldInputs, outputs } }) });
    return { seen, outputs };
  };
  const changed = { ...IMAGE, kernel: { image: "docker.io/linuxkit/kernel:6.6", cmdline: "quiet" } };

  test("of a new one knows its architecture", async () => {
    const { seen } = await previewed(undefined, { image: IMAGE });
    assert.deepEqual([seen?.arch, seen?.digest, seen?.planDigest, seen?.lock], ["amd64", UNKNOWN, UNKNOWN, UNKNOWN]);
  });
  test("of a format of one EFI program has registers, of another none", async () => {
    assert.equal((await previewed(undefined, SIGNED)).seen?.pcrs, UNKNOWN);
    assert.ok(!("pcrs" in ((await previewed(undefined, { image: IMAGE })).seen ?? {})));
  });
  test("of a change knows what can be planned offline", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: changed });
    assert.deepEqual([seen?.digest, seen?.cmdline, seen?.path], [UNKNOWN, "quiet", UNKNOWN]);
    assert.match(String(seen?.planDigest), /^sha256:/);
    assert.notEqual(seen?.planDigest, outputs?.planDigest);
  });
  test("of a change that makes no other bytes knows all", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE }, { image: { ...IMAGE, volumes: { data: { readonly: true } } } });
    assert.deepEqual(seen, outputs);
  });
  const unknown: readonly (readonly [string, Properties])[] = [
    ["an image that cannot be planned", { image: { ...IMAGE, services: { web: { image: "docker.io/unseen/x" } } } }],
    ["an unknown leaf", { image: { ...IMAGE, services: { web: { ...SERVICE, env: [UNKNOWN] } } } }],
    ["another time of asking", { image: IMAGE, update: "always" }],
  ];
  for (const [name, now] of unknown) {
    test(`of ${name} knows nothing`, async () => {
      const { seen } = await previewed({ image: IMAGE }, now);
      assert.deepEqual([seen?.digest, seen?.planDigest], [UNKNOWN, UNKNOWN]);
    });
  }
  test("of another key knows the plan alone, of the same one all", async () => {
    const other = await previewed(SIGNED, { ...SIGNED, secureBoot: makeKeyPair() });
    assert.deepEqual([other.seen?.digest, other.seen?.planDigest], [UNKNOWN, other.outputs?.planDigest]);
    const { seen, outputs } = await previewed(SIGNED, { ...SIGNED, secureBoot: { ...PAIR } });
    assert.deepEqual(seen, outputs);
  });
  test("of another format or name knows the plan alone", async () => {
    for (const more of [{ formats: ["tar"] }, { name: "shop" }]) {
      const { seen, outputs } = await previewed({ image: IMAGE }, { image: IMAGE, ...more });
      assert.deepEqual([seen?.digest, seen?.planDigest], [UNKNOWN, outputs?.planDigest]);
    }
  });
  test("of another tag knows all but where it will be", async () => {
    const { seen, outputs } = await previewed({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE, push: "r.example/os:2" });
    assert.match(outputs?.pushed ?? "", /^r\.example\/os:1@sha256:/);
    assert.deepEqual(seen, { ...outputs, pushed: UNKNOWN });
    const less = await previewed({ image: IMAGE, push: "r.example/os:1" }, { image: IMAGE });
    assert.equal(less.seen?.pushed, undefined);
    assert.equal(less.seen?.digest, less.outputs?.digest);
  });
  test("of an artifact knows what it knew, while it is the same", async () => {
    const { seen, outputs } = await previewed({ artifact: ARTIFACT }, { artifact: ARTIFACT, registryMirrors: { "docker.io": "http://127.0.0.1" } });
    assert.deepEqual(seen, outputs);
    assert.equal((await previewed({ artifact: ARTIFACT }, { artifact: ARTIFACT.replace("5", "6") })).seen?.digest, UNKNOWN);
    assert.equal((await previewed({ image: IMAGE }, { artifact: ARTIFACT })).seen?.digest, UNKNOWN);
  });
  test("builds nothing", async () => {
    const before = builder.calls.length;
    await previewed(undefined, { image: changed });
    assert.equal(builder.calls.length, before);
  });
});

describe("building", () => {
  const other = { ...IMAGE, healthPort: 8081 };
  const artifacts = () => readdir(join(cacheDir, "artifacts"));

  test("keeps the artifact under its digest and leaves nothing else", async () => {
    await rm(join(cacheDir, "artifacts"), { recursive: true });
    const { id, outputs } = await type.create({ ...work, inputs: await checked({ image: IMAGE }) });
    assert.equal(id, "web");
    assert.deepEqual(await artifacts(), [outputs.digest.slice("sha256:".length)]);
    assert.equal(outputs.path, join(cacheDir, "artifacts", outputs.digest.slice("sha256:".length)));
    assert.equal((await readFile(join(outputs.path, "web-initrd.img"))).length, outputs.files[0]?.size);
  });

  test("the same again touches no file", async () => {
    const inputs = await checked({ image: IMAGE });
    const { outputs } = await type.create({ ...work, inputs });
    const file = join(outputs.path, "web-initrd.img");
    const before = await stat(file);
    await type.create({ ...work, inputs });
    const now = await stat(file);
    assert.deepEqual([now.ino, now.mtimeMs], [before.ino, before.mtimeMs]);
  });

  test("the same bytes under another name are added", async () => {
    const { outputs } = await type.create({ ...work, inputs: await checked({ image: IMAGE, name: "shop" }) });
    assert.deepEqual((await readdir(outputs.path)).filter((name) => !name.startsWith(".")).sort(), ["shop-initrd.img", "web-initrd.img"]);
  });

  test("an update builds from the last lock, less the local images that changed", async () => {
    const local = (digit: string) => ({ "oci:./x:tag": `sha256:${digit.repeat(64)}` as Digest });
    const old = await checked({ image: IMAGE });
    const { outputs } = await type.create({ ...work, inputs: old });
    const lock = { ...outputs.lock, images: { ...outputs.lock.images, ...local("c") } };
    const oldInputs = { ...old, localImages: local("a") };
    const update = (localImages: Record<string, Digest>) => type.update?.({ ...work, id: "web", inputs: { ...old, localImages }, oldInputs, oldOutputs: { ...outputs, lock } });
    await update(local("a"));
    assert.deepEqual(builder.calls.at(-1)?.options.lock, lock);
    await update(local("b"));
    assert.deepEqual(builder.calls.at(-1)?.options.lock, outputs.lock);
  });

  test("the stack's mirror is used where the program names none", async () => {
    const inputs = await checked({ image: IMAGE });
    await type.create({ ...work, inputs, config: { debianMirror: "http://stack" } });
    assert.equal(builder.calls.at(-1)?.options.debianMirror, "http://stack");
    await type.create({ ...work, inputs: { ...inputs, debianMirror: "http://program" }, config: { debianMirror: "http://stack" } });
    assert.equal(builder.calls.at(-1)?.options.debianMirror, "http://program");
  });

  for (const mood of ["fails", "hangs"] as const) {
    test(`a build that ${mood} leaves nothing`, async () => {
      const before = await artifacts();
      const controller = new AbortController();
      builder.mood = mood;
      const run = type.create({ ...work, signal: controller.signal, inputs: await checked({ image: other }), progress: () => setImmediate(() => controller.abort()) });
      await assert.rejects(run).finally(() => (builder.mood = "good"));
      assert.deepEqual(await artifacts(), before);
    });
  }

  test("a refresh finds the path on this machine", async () => {
    const { outputs } = await type.create({ ...work, inputs: await checked({ image: other }) });
    const found = await type.read?.({ ...work, id: "web", inputs: {} as never, outputs: { ...outputs, path: "/another/machine" } });
    assert.deepEqual(found, { id: "web", outputs });
  });

  test("a refresh misses files that are not there or are cut, and the next update builds them again, as they were", async () => {
    const inputs = await checked({ image: other });
    const { outputs } = await type.create({ ...work, inputs });
    for (const spoil of [() => truncate(join(outputs.path, "web-initrd.img"), 3), () => rm(outputs.path, { recursive: true })]) {
      await spoil();
      const missed = { ...outputs, path: "" };
      assert.deepEqual(await type.read?.({ ...work, id: "web", inputs, outputs }), { id: "web", outputs: missed });
      const seen = await type.diff?.({ ...subject, id: "web", inputs: inputs as unknown as Properties, oldInputs: inputs, oldOutputs: missed });
      assert.deepEqual([...(seen?.changed ?? [])], []);
      assert.deepEqual([...(seen?.drifted ?? [])], [["path", "update"]]);
      // what uses it sees no change: neither in the preview nor afterwards
      assert.deepEqual(await type.preview?.({ ...subject, inputs: inputs as unknown as Properties, old: { id: "web", inputs, outputs: missed } }), outputs);
      assert.deepEqual(await type.update?.({ ...work, id: "web", inputs, oldInputs: inputs, oldOutputs: missed }), { outputs });
      assert.equal((await stat(join(outputs.path, "web-initrd.img"))).size, outputs.files[0]?.size);
    }
  });

  test("a build in the cache can be imported by its digest, with its lock", async () => {
    const inputs = await checked({ image: IMAGE });
    const { outputs } = await type.create({ ...work, inputs });
    assert.deepEqual(await type.read?.({ ...work, id: outputs.digest }), { id: "web", inputs: JSON.parse(JSON.stringify(inputs)), outputs });
    for (const id of ["web", `sha256:${"0".repeat(64)}`, "../x"]) {
      await assert.rejects(Promise.resolve(type.read?.({ ...work, id })), (error) => isLinuxKitError(error, "NOT_FOUND"));
    }
  });

  test("gives the builder the key of Secure Boot, and keeps it nowhere", async () => {
    const { outputs } = await type.create({ ...work, inputs: await checked({ ...SIGNED, image: { ...IMAGE, healthPort: 8082 } }) });
    assert.deepEqual(builder.calls.at(-1)?.options.secureBoot, PAIR);
    assert.ok(!JSON.stringify(outputs).includes("PRIVATE KEY"));
    assert.deepEqual(outputs.pcrs, { 4: "44", 9: "99", 11: outputs.digest.slice("sha256:".length) });
    for (const name of await readdir(outputs.path)) assert.ok(!(await readFile(join(outputs.path, name), "utf8")).includes("PRIVATE KEY"), name);
    const found = await type.read?.({ ...work, id: outputs.digest });
    assert.deepEqual(found?.inputs?.secureBoot, { certificate: PAIR.certificate });
  });

  test("gives the builder what to push and where to share, and keeps no key", async () => {
    const [push, cache] = [{ to: "r.example/os:1", sign: { key: KEY } }, { from: "r.example/cache", sign: { key: KEY } }];
    const { outputs } = await type.create({ ...work, inputs: await checked({ image: { ...IMAGE, healthPort: 8083 }, push, cache }) });
    const { options } = builder.calls.at(-1) as (typeof builder.calls)[number];
    assert.deepEqual([options.push, options.cache], [push, cache]);
    assert.equal(outputs.pushed, `r.example/os:1@${outputs.digest}`);
    for (const name of await readdir(outputs.path)) assert.ok(!(await readFile(join(outputs.path, name), "utf8")).includes("PRIVATE KEY"), name);
    assert.equal((await type.read?.({ ...work, id: outputs.digest }))?.inputs?.push, undefined);
  });

  test("of an artifact fetches it and builds nothing; what was cleared is fetched again", async () => {
    const before = builder.calls.length;
    const inputs = await checked({ artifact: ARTIFACT, verify: { "registry.example.com": PUBLIC_KEY }, registryMirrors: { "docker.io": "http://127.0.0.1" } });
    const { outputs } = await type.create({ ...work, inputs });
    const { reference, options } = builder.pulls.at(-1) as (typeof builder.pulls)[number];
    assert.deepEqual([reference, options.name, options.arch, options.verify, options.registryMirrors], [ARTIFACT, "web", "amd64", inputs.verify, inputs.registryMirrors]);
    assert.deepEqual([outputs.cmdline, outputs.lock.images, outputs.pushed], ["published", { published: outputs.digest }, undefined]);
    const [file] = outputs.files;
    const path = join(outputs.path, file?.name ?? "");
    await rm(path);
    await withArtifactFiles([path], cacheDir, async () => builder, work, async () => assert.equal(await readFile(path, "utf8"), ARTIFACT));
    assert.deepEqual([builder.calls.length, builder.pulls.length > 1], [before, true]);
  });
});
