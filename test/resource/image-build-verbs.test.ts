import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Digest } from "../../sdk/core/digest.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { type Properties, secret } from "../../sdk/plugin/value.ts";
import { withArtifactFiles } from "../../sdk/resource/plugin/artifact-files.ts";
import { cacheDir, builder, type, subject, work, IMAGE, PAIR, SIGNED, ARTIFACT, KEY, PUBLIC_KEY, checked } from "./image-build-subject.ts";

/** What an operation gets that does not know which inputs are secret. */
const { isSecret: _, ...unmarked } = work;

describe("building", () => {
  const other = { ...IMAGE, healthPort: 8081 };
  const artifacts = () => readdir(join(cacheDir, "artifacts"));

  test("keeps the artifact under its digest and leaves nothing else", async () => {
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

  test("a rename changes no byte: nothing is built, and the preview and the update have the same digest", async () => {
    const image = { ...IMAGE, healthPort: 8090 };
    const oldInputs = await checked({ image, name: "before" });
    const { outputs } = await type.create({ ...work, inputs: oldInputs });
    const inputs = await checked({ image, name: "after" });
    const built = builder.calls.length;
    const wanted = { ...outputs, files: outputs.files.map((file) => ({ ...file, name: file.name.replace("before", "after") })) };
    const old = { id: "web", inputs: oldInputs, outputs };
    assert.deepEqual(await type.preview?.({ ...subject, inputs: inputs as unknown as Properties, old }), wanted);
    assert.deepEqual(await type.update?.({ ...work, id: "web", inputs, oldInputs, oldOutputs: outputs }), { outputs: wanted });
    assert.equal(builder.calls.length, built);
    assert.equal((await stat(join(outputs.path, "after-initrd.img"))).size, outputs.files[0]?.size);
    // a host whose cache lacks the files gets them when they are needed
    await rm(outputs.path, { recursive: true });
    assert.deepEqual(await type.update?.({ ...work, id: "web", inputs, oldInputs, oldOutputs: outputs }), { outputs: wanted });
    const file = join(outputs.path, "after-initrd.img");
    await withArtifactFiles(
      [file],
      cacheDir,
      async () => builder,
      work,
      async () => {},
    );
    assert.equal((await stat(file)).size, outputs.files[0]?.size);
  });

  test("an update builds from the last lock, less the local images that changed", async () => {
    const local = (digit: string) => ({ "oci:./x:tag": `sha256:${digit.repeat(64)}` as Digest });
    const old = await checked({ image: IMAGE });
    const { outputs } = await type.create({ ...work, inputs: old });
    const lock = { ...outputs.lock, images: { ...outputs.lock.images, ...local("c") } };
    const oldInputs = { ...old, localImages: local("a") };
    const update = (localImages: Record<string, Digest>) =>
      type.update?.({ ...work, id: "web", inputs: { ...old, localImages }, oldInputs, oldOutputs: { ...outputs, lock } });
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
      const run = type.create({
        ...work,
        signal: controller.signal,
        inputs: await checked({ image: other }),
        progress: () => setImmediate(() => controller.abort()),
      });
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
      const seen = await type.diff?.({
        ...subject,
        id: "web",
        inputs: inputs as unknown as Properties,
        oldInputs: inputs,
        oldOutputs: missed,
      });
      assert.deepEqual([...(seen?.changed ?? [])], []);
      assert.deepEqual([...(seen?.drifted ?? [])], [["path", "update"]]);
      // what uses it sees no change: neither in the preview nor afterwards
      assert.deepEqual(
        await type.preview?.({ ...subject, inputs: inputs as unknown as Properties, old: { id: "web", inputs, outputs: missed } }),
        outputs,
      );
      assert.deepEqual(await type.update?.({ ...work, id: "web", inputs, oldInputs: inputs, oldOutputs: missed }), { outputs });
      assert.equal((await stat(join(outputs.path, "web-initrd.img"))).size, outputs.files[0]?.size);
    }
  });

  test("a build in the cache can be imported by its digest, with its lock", async () => {
    const inputs = await checked({ image: IMAGE });
    const { outputs } = await type.create({ ...work, inputs });
    assert.deepEqual(await type.read?.({ ...work, id: outputs.digest }), {
      id: "web",
      inputs: JSON.parse(JSON.stringify(inputs)),
      outputs,
    });
    for (const id of ["web", `sha256:${"0".repeat(64)}`, "../x"]) {
      await assert.rejects(Promise.resolve(type.read?.({ ...work, id })), (error) => isLinuxKitError(error, "NOT_FOUND"));
    }
  });

  test("an imported build has its secrets marked, those of every build of the same bytes", async () => {
    const image = { ...IMAGE, healthPort: 8093, files: [{ path: "etc/token", contents: "planted", mode: "0600", uid: 0, gid: 0 }] };
    const make = async (name: string, marks: Partial<typeof work> = {}) =>
      type.create({ ...unmarked, ...marks, inputs: await checked({ image, name }) });
    const { outputs } = await make("web", { isSecret: (path) => path === "image.files./etc/token.contents" });
    const marked = async () => (await type.read?.({ ...work, id: outputs.digest }))?.inputs?.image;
    const files = { "/etc/token": { ...image.files[0], contents: secret("planted") } };
    assert.deepEqual(await marked(), { ...image, files });
    await make("shop", { isSecret: (path) => path === "image.healthPort" });
    assert.deepEqual(await marked(), { ...image, files, healthPort: secret(8093) });
    // one that knows nothing of secrets takes no mark away
    await make("again");
    assert.deepEqual(await marked(), { ...image, files, healthPort: secret(8093) });
  });

  test("an imported build is a secret as a whole where no record says what was", async () => {
    const inputs = await checked({ image: { ...IMAGE, healthPort: 8094 } });
    const { outputs } = await type.create({ ...unmarked, inputs });
    assert.deepEqual((await type.read?.({ ...work, id: outputs.digest }))?.inputs?.image, secret(inputs.image as unknown as Properties));
  });

  test("gives the builder the key of Secure Boot, and keeps it nowhere", async () => {
    const { outputs } = await type.create({ ...work, inputs: await checked({ ...SIGNED, image: { ...IMAGE, healthPort: 8082 } }) });
    assert.deepEqual(builder.calls.at(-1)?.options.secureBoot, PAIR);
    assert.ok(!JSON.stringify(outputs).includes("PRIVATE KEY"));
    assert.deepEqual(outputs.pcrs, { 4: "44", 9: "99", 11: outputs.digest.slice("sha256:".length) });
    for (const name of await readdir(outputs.path))
      assert.ok(!(await readFile(join(outputs.path, name), "utf8")).includes("PRIVATE KEY"), name);
    const found = await type.read?.({ ...work, id: outputs.digest });
    assert.deepEqual(found?.inputs?.secureBoot, { certificate: PAIR.certificate });
  });

  test("gives the builder what to push and where to share, and keeps no key", async () => {
    const [push, cache] = [
      { to: "r.example/os:1", sign: { key: KEY } },
      { from: "r.example/cache", sign: { key: KEY } },
    ];
    const { outputs } = await type.create({ ...work, inputs: await checked({ image: { ...IMAGE, healthPort: 8083 }, push, cache }) });
    const { options } = builder.calls.at(-1) as (typeof builder.calls)[number];
    assert.deepEqual([options.push, options.cache], [push, cache]);
    assert.equal(outputs.pushed, `r.example/os:1@${outputs.digest}`);
    for (const name of await readdir(outputs.path))
      assert.ok(!(await readFile(join(outputs.path, name), "utf8")).includes("PRIVATE KEY"), name);
    assert.equal((await type.read?.({ ...work, id: outputs.digest }))?.inputs?.push, undefined);
  });

  test("of an artifact fetches it and builds nothing; what was cleared is fetched again", async () => {
    const before = builder.calls.length;
    const inputs = await checked({
      artifact: ARTIFACT,
      verify: { "registry.example.com": PUBLIC_KEY },
      registryMirrors: { "docker.io": "http://127.0.0.1" },
    });
    const { outputs } = await type.create({ ...work, inputs });
    const { reference, options } = builder.pulls.at(-1) as (typeof builder.pulls)[number];
    assert.deepEqual(
      [reference, options.name, options.arch, options.verify, options.registryMirrors],
      [ARTIFACT, "web", "amd64", inputs.verify, inputs.registryMirrors],
    );
    assert.deepEqual([outputs.cmdline, outputs.lock.images, outputs.pushed], ["published", { published: outputs.digest }, undefined]);
    const [file] = outputs.files;
    const path = join(outputs.path, file?.name ?? "");
    await rm(path);
    await withArtifactFiles(
      [path],
      cacheDir,
      async () => builder,
      work,
      async () => assert.equal(await readFile(path, "utf8"), ARTIFACT),
    );
    assert.deepEqual([builder.calls.length, builder.pulls.length > 1], [before, true]);
  });
});
