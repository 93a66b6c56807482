import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { debian } from "../../sdk/debian/images.ts";
import { File } from "../../sdk/definition/file.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs, PushInput } from "../../sdk/resource/image-build-args.ts";

const project = await mkdtemp(join(tmpdir(), "linuxkit-program-"));
after(() => rm(project, { recursive: true, force: true }));
await mkdir(join(project, "src"));
await writeFile(join(project, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
await writeFile(join(project, "motd"), "welcome\n");
process.env.PULUMI_LINUXKIT_CACHE = join(project, "cache");
// the program runs below the project's folder, as with `main: src/`
process.chdir(join(project, "src"));

const registered = new Map<string, pulumi.runtime.MockResourceArgs>();
pulumi.runtime.setMocks({
  call: () => ({}),
  newResource(args) {
    registered.set(args.name, args);
    return {
      id: args.name,
      state: { ...args.inputs, path: "/cache/artifacts/x", files: [{ role: "kernel", name: "web-kernel", size: 1, sha256: "0" }] },
    };
  },
});
const settled = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply((value) => resolve(value)));

/** What holds a secret, as the mocks of the engine get it. */
const SECRET = (value: object) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

/** The inputs that the engine gets. */
async function inputsOf(build: ImageBuild, name: string) {
  await settled(build.urn);
  return (registered.get(name) as pulumi.runtime.MockResourceArgs).inputs;
}

describe("ImageBuild in a program", () => {
  test("puts the whole definition into its inputs, with local files read", async () => {
    const image = new Image({
      services: [new Service("web", { image: "nginx:1.27" })],
      files: [new File("/etc/motd", { source: "motd" }), new File("/etc/none", { source: "none", optional: true })],
    });
    const inputs = await inputsOf(new ImageBuild("plain", { image, format: "kernel+initrd" }), "plain");
    assert.equal(registered.get("plain")?.type, "linuxkit:index:ImageBuild");
    assert.deepEqual(inputs.formats, ["kernel+initrd"]);
    assert.deepEqual(inputs.image, { ...image.spec, files: [{ path: "/etc/motd", mode: "0600", uid: 0, gid: 0, contents: "welcome\n" }] });
    assert.ok(!JSON.stringify(inputs).includes(project));
  });

  test("reads a file whose place is an Output once that is known", async () => {
    const image = new Image({ files: [new File("/etc/motd", { source: pulumi.output("motd") })] });
    const inputs = await inputsOf(new ImageBuild("later", { image }), "later");
    assert.equal(inputs.image.files[0].contents, "welcome\n");
  });

  test("reads the local files of an image made from packages, also one whose place is an Output", async () => {
    const made = (source: pulumi.Input<string>) =>
      debian.packages({
        packages: ["nginx-light"],
        files: [
          { path: "/note", source },
          { path: "/of", contents: pulumi.output("x") },
        ],
      });
    const image = new Image({ init: [made("motd")], services: [new Service("web", { image: made(pulumi.output("motd")) })] });
    const { image: got } = await inputsOf(new ImageBuild("packaged", { image }), "packaged");
    const want = [
      { path: "/note", contents: "welcome\n", mode: "0644" },
      { path: "/of", contents: "x" },
    ];
    assert.deepEqual(got.init[0].debian.files, want);
    assert.deepEqual(got.services.web.image.debian.files, want);
    const lost = new Image({ services: [new Service("web", { image: made("./nowhere") })] });
    assert.throws(() => new ImageBuild("lost", { image: lost }), {
      code: "NOT_FOUND",
      message: `services.web.image: files /note: got source "./nowhere", wanted a file or folder: not found at ${join(project, "nowhere")}`,
    });
  });

  test("finds its files by their roles", async () => {
    const build = new ImageBuild("roles", { image: new Image({}) });
    assert.equal(await settled(build.file("kernel")), "/cache/artifacts/x/web-kernel");
  });

  test("throws where a file is not there, and where it was sought", () => {
    const image = new Image({ files: [new File("/etc/motd", { source: "nowhere" })] });
    assert.throws(
      () => new ImageBuild("broken", { image }),
      (error) => isLinuxKitError(error, "NOT_FOUND") && error.message.includes(join(project, "nowhere")),
    );
  });

  test("starts from an artifact instead of an image, and from one of the two", async () => {
    const artifact = `registry.example.com/os@sha256:${"0".repeat(64)}`;
    const inputs = await inputsOf(new ImageBuild("artifact", { artifact: pulumi.output(artifact) }), "artifact");
    assert.deepEqual(inputs, { artifact });
    assert.throws(() => new ImageBuild("both", { artifact, image: new Image({}) } as never), {
      code: "INVALID_DEFINITION",
      message: /"both": got both image and artifact/,
    });
    assert.throws(() => new ImageBuild("none", {} as never), { code: "INVALID_DEFINITION", message: /"none": got neither/ });
  });

  test("shares a cache; its key is a secret", async () => {
    const build = (name: string, cache: ImageBuildArgs["cache"]) => inputsOf(new ImageBuild(name, { image: new Image({}), cache }), name);
    assert.deepEqual((await build("cache", { from: [pulumi.output("r.example/a")], to: "r.example/a" })).cache, {
      from: ["r.example/a"],
      to: "r.example/a",
    });
    assert.deepEqual(
      (await build("signed cache", { to: "r.example/a", sign: "word" })).cache,
      SECRET({ to: "r.example/a", sign: { key: "word" } }),
    );
  });

  for (const [name, push, to] of [
    ["text", "r.example/os:1", { to: "r.example/os:1" }],
    ["an output", pulumi.output("r.example/os:1"), { to: "r.example/os:1" }],
    ["an object", { to: pulumi.output("r.example/os:1"), sign: "word" }, SECRET({ to: "r.example/os:1", sign: { key: "word" } })],
    [
      "a key with a passphrase",
      { to: "r.example/os:1", sign: { key: pulumi.output("word"), passphrase: "open" } },
      SECRET({ to: "r.example/os:1", sign: { key: "word", passphrase: "open" } }),
    ],
    [
      "members that no type allows, for the check",
      { to: "r.example/os:1", tag: "2", sign: { key: "word", word: "open" } } as PushInput,
      SECRET({ to: "r.example/os:1", tag: "2", sign: { key: "word", word: "open" } }),
    ],
  ] as const) {
    test(`says where to publish by ${name}; a key is a secret`, async () => {
      assert.deepEqual((await inputsOf(new ImageBuild(`push ${name}`, { image: new Image({}), push }), `push ${name}`)).push, to);
    });
  }
});
