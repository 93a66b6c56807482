import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pruneCache } from "../../sdk/cache/prune.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { withArtifactFiles } from "../../sdk/resource/plugin/artifact-files.ts";
import type { ImageBuildInputs } from "../../sdk/resource/plugin/image-build-inputs.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { type RecordingBuilder, recordingBuilder } from "../support/builder.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const IMAGE = { init: [], onboot: [], onshutdown: [], services: {}, volumes: {}, files: [] };
const INPUTS: ImageBuildInputs = {
  image: IMAGE,
  formats: ["kernel+initrd"],
  name: "web",
  arch: "amd64",
  update: "locked",
  debianMirror: "http://program",
};

let cacheDir = "";
let builder: RecordingBuilder;
let told: Progress[];
const work = () => ({
  config: {} as Properties,
  signal: new AbortController().signal,
  progress: (progress: Progress) => void told.push(progress),
});
const make = async (inputs = INPUTS) =>
  (
    await imageBuildType(builder, cacheDir).create({
      ...work(),
      urn: "urn:pulumi:test::probe::linuxkit:index:ImageBuild::web",
      name: "web",
      timeoutSeconds: 60,
      inputs,
    })
  ).outputs;
const use = <T>(path: string, then: () => Promise<T>) => withArtifactFiles([path], cacheDir, async () => builder, work(), then);
const read = (path: string) => use(path, () => readFile(path, "utf8"));
/** Clears all but the records, as a cache does that came to its limit. */
const clear = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) if (!name.startsWith(".")) await rm(join(folder, name));
};

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "linuxkit-cache-"));
  builder = recordingBuilder();
  told = [];
});
afterEach(() => rm(cacheDir, { recursive: true, force: true }));

describe("a file of a build", () => {
  test("that is there is not built again", async () => {
    const { path } = await make();
    assert.match(await read(join(path, "web-initrd.img")), /"onboot":\[\]/);
    assert.equal(builder.calls.length, 1);
  });

  test("that was cleared is built again, from the same inputs and lock, and said so", async () => {
    const { path, lock } = await make();
    await clear(path);
    assert.match(await read(join(path, "web-initrd.img")), /"onboot":\[\]/);
    assert.equal(builder.calls.length, 2);
    const again = builder.calls[1];
    assert.deepEqual([again?.definition, again?.options.lock, again?.options.debianMirror], [IMAGE, lock, "http://program"]);
    assert.ok(told.some(({ message }) => message === "web-initrd.img is not in the cache and is built again"));
  });

  test("that was published is not published again: its tag may belong to another build now", async () => {
    const type = imageBuildType(builder, cacheDir);
    // other bytes than the rest of these tests: what the plugin knows is by digest
    const inputs = { ...INPUTS, image: { ...IMAGE, healthPort: 8099 }, name: "sent", push: { to: "r.example/os:1" } };
    const outputs = await make(inputs);
    // the engine shows the plugin what the stack has
    await type.diff?.({
      urn: "u",
      name: "sent",
      id: "sent",
      inputs: inputs as unknown as Properties,
      oldInputs: inputs,
      oldOutputs: outputs,
    });
    await clear(outputs.path);
    await read(join(outputs.path, "sent-initrd.img"));
    assert.deepEqual(
      builder.calls.map(({ options }) => options.push),
      [inputs.push, undefined],
    );
  });

  test("that was signed and cleared is not built unsigned", async () => {
    const { path } = await make({ ...INPUTS, formats: ["raw-efi"], secureBoot: makeKeyPair() });
    await clear(path);
    await assert.rejects(read(join(path, "web-initrd.img")), {
      code: "NOT_FOUND",
      message: /its signing key is only in the stack's state: run `pulumi up --refresh`/,
    });
    assert.equal(builder.calls.length, 1);
  });

  test("is built again under the name that it had, when equal bytes are known by another", async () => {
    const { path } = await make();
    await make({ ...INPUTS, name: "shop" });
    await clear(path);
    await read(join(path, "shop-initrd.img"));
    assert.equal(builder.calls.at(-1)?.options.name, "shop");
  });

  test("stays while it is used, whatever the cache's limit", async () => {
    const { path } = await make();
    await use(join(path, "web-initrd.img"), async () => {
      await pruneCache(cacheDir, 0);
      assert.deepEqual(await readdir(path), [".build.json", "web-initrd.img"]);
    });
    await pruneCache(cacheDir, 0);
    await assert.rejects(readdir(path), { code: "ENOENT" });
  });

  test("whose record is gone too is missed, with what to do", async () => {
    const { path } = await make();
    await rm(path, { recursive: true });
    await assert.rejects(read(join(path, "web-initrd.img")), {
      code: "NOT_FOUND",
      message: /web-initrd\.img: file not found on this machine.* run `pulumi up --refresh`/,
    });
  });

  test("that comes out different is refused, with what to do", async () => {
    const { path } = await make();
    await clear(path);
    const record = join(path, ".build.json");
    await writeFile(record, (await readFile(record, "utf8")).replace('"onboot":[]', '"onboot":[],"healthPort":1'));
    await assert.rejects(read(join(path, "web-initrd.img")), {
      code: "DIGEST_MISMATCH",
      message: /its bytes differ .*pulumi up --refresh/,
    });
  });

  test("from elsewhere is left to its user", async () => {
    for (const path of [
      join(dirname(cacheDir), "vmlinuz"),
      join(cacheDir, "artifacts", "web-initrd.img"),
      join(cacheDir, "blobs", "sha256", "0".repeat(64)),
    ]) {
      await assert.rejects(read(path), { code: "ENOENT" });
    }
    assert.equal(builder.calls.length, 0);
  });
});
