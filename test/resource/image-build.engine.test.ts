import assert from "node:assert/strict";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { recordingBuilder } from "../support/builder.ts";
import { makeStack } from "../support/engine.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const source = (path: string) => JSON.stringify(new URL(`../../sdk/${path}`, import.meta.url).href);

/** A program with one service and one file; `service` and `args` are the insides of object literals. */
const program = ({ service = `capabilities: ["CAP_CHOWN", "CAP_SETUID"]`, args = "", before = "" } = {}) => `
import * as pulumi from "@pulumi/pulumi";
import { File } from ${source("definition/file.ts")};
import { Image } from ${source("definition/image.ts")};
import { Kernel } from ${source("definition/kernel.ts")};
import { Service } from ${source("definition/service.ts")};
import { ImageBuild } from ${source("resource/image-build.ts")};
${before}
const image = new Image({
  kernel: new Kernel({ image: "docker.io/linuxkit/kernel:6.6", cmdline: "console=ttyS0" }),
  services: [new Service("web", { image: "docker.io/library/nginx:1.27", ${service} })],
  files: [new File("/etc/motd", { source: "motd", mode: "0644" })],
});
const build = new ImageBuild("web", { image, ${args} });
export const { digest, planDigest, cmdline, lock, path } = build;
export const initrd = build.file("initrd");
`;

/** A stack whose builder is this test's own, with a cache of its own. */
async function imageStack(index: string) {
  const builder = recordingBuilder();
  const types: Record<string, () => Promise<ReturnType<typeof imageBuildType>>> = {};
  const provider: Provider = { name: "linuxkit", version: "0.1.0", types, config: { debianMirror: "" } };
  const env = { PULUMI_LINUXKIT_CACHE: "../cache" };
  const stack = await makeStack({ files: { "index.js": index, motd: "welcome\n" }, provider, env });
  const cacheDir = join(stack.home, "cache");
  types["linuxkit:index:ImageBuild"] = async () => imageBuildType(builder, cacheDir);
  return { stack, builder, cacheDir, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

const ops = (steps: readonly { op: string }[]) => steps.map(({ op }) => op);
const leaves = (steps: readonly { detailedDiff?: object | null }[]) =>
  steps.map(({ detailedDiff }) => Object.keys(detailedDiff ?? {}).sort());

describe("ImageBuild under the real engine", { concurrency: 2 }, () => {
  test("a second up does nothing; one capability is one leaf, and the lock survives", async () => {
    await using made = await imageStack(program());
    const { stack, builder } = made;
    assert.match((await stack.preview()).text, /digest +: \[unknown\]|planDigest: \[unknown\]/);
    assert.equal(builder.calls.length, 0);
    const first = await stack.up();
    assert.deepEqual(ops(first.steps), ["create"]);
    assert.match(first.lines("kept").join(), /segments rebuilt/);
    const before = await stack.outputs();
    assert.match(String(before.initrd), /artifacts\/[0-9a-f]{64}\/web-initrd\.img$/);

    const second = await stack.up();
    assert.deepEqual(ops(second.steps), ["same"]);
    assert.equal(builder.calls.length, 1);

    await stack.write("index.js", program({ service: `capabilities: ["CAP_CHOWN", "CAP_SETGID"]` }));
    const preview = await stack.preview();
    assert.deepEqual(ops(preview.steps), ["update"]);
    assert.deepEqual(preview.steps[0]?.detailedDiff, { "image.services.web.capabilities[1]": { diffKind: "update", inputDiff: true } });
    assert.match(preview.text, /~ capabilities: \[\n +~ \[1\]: "CAP_SETUID" => "CAP_SETGID"/);
    assert.doesNotMatch(preview.text, /CAP_CHOWN|motd/);
    assert.match(
      preview.text,
      /2 changes inside the OS: 1 widens access, 1 narrows access\n\s*\n\s*Widens access\n\s*services\.web: capability CAP_SETGID added/,
    );
    // what can be planned offline is shown, what must be built is not
    assert.match(preview.text, /~ planDigest: "sha256:[0-9a-f]{64}" => "sha256:[0-9a-f]{64}"/);
    const json = JSON.parse((await stack.must("preview", "--json", "--diff")).stdout) as { steps: { op: string; detailedDiff?: object }[] };
    assert.deepEqual(
      json.steps.flatMap(({ op, detailedDiff }) => (op === "update" ? [detailedDiff] : [])),
      [{ "image.services.web.capabilities[1]": { kind: "update", inputDiff: true } }],
    );

    assert.deepEqual(ops((await stack.up()).steps), ["update"]);
    const after = await stack.outputs();
    assert.notEqual(after.digest, before.digest);
    assert.deepEqual(after.lock, before.lock);
    assert.deepEqual(builder.calls.at(-1)?.options.lock, before.lock);
  });

  test("a local file is in the definition: its text, or its sha256", async () => {
    await using made = await imageStack(program());
    const { stack } = made;
    await stack.up();
    await writeFile(join(stack.directory, "motd"), "welcome back\n");
    const small = await stack.preview();
    assert.deepEqual(leaves(small.steps), [["image.files./etc/motd.contents"]]);
    assert.match(small.text, /~ contents: \n +- welcome\n +\+ welcome back\n/);
    await writeFile(join(stack.directory, "motd"), "x".repeat(5000));
    const large = await stack.up();
    assert.deepEqual(leaves(large.steps), [
      ["image.files./etc/motd.contents", "image.files./etc/motd.sha256", "image.files./etc/motd.size"],
    ]);
    assert.ok(!(await stack.stateText()).includes("xxxxx"));
    await writeFile(join(stack.directory, "motd"), "welcome\n");
    assert.deepEqual(ops((await stack.up()).steps), ["update"]);
  });

  test("what is wrong in an Output is an error of its property, what is a secret stays one, and files of packages wait for theirs", async () => {
    const before = `const bad = pulumi.output(Promise.resolve("CAP_CHOWNED"));`;
    await using made = await imageStack(program({ before, service: "capabilities: [bad]" }));
    const { stack } = made;
    const { status, text } = await stack.run("preview");
    assert.notEqual(status, 0);
    assert.match(text, /image\.services\.web\.capabilities\[0\].*"CAP_CHOWNED"/s);
    await stack.write("index.js", program({ service: `env: [pulumi.secret("TOKEN=swordfish")]` }));
    const up = await stack.up();
    assert.equal(made.builder.calls[0]?.definition.services.web?.env?.[0], "TOKEN=swordfish");
    assert.ok(!(await stack.stateText()).includes("swordfish"));
    assert.ok(!up.text.includes("swordfish"));

    const later = `
import { debian } from ${source("debian/images.ts")};
const first = new ImageBuild("first", { image: new Image({ services: [new Service("web", { image: "docker.io/library/nginx:1.27" })] }) });
const files = [{ path: "/etc/of", contents: first.digest }, { path: "/etc/token", contents: pulumi.secret("herring-of-silver") },
  { path: "/etc/own", source: "motd" }];`;
    const service = `image: debian.packages({ packages: ["nginx-light"], files })`;
    await stack.write("index.js", program({ before: later, service }));
    assert.match((await stack.preview()).text, /contents: \[unknown\]/);
    await stack.up();
    const image = made.builder.calls.at(-1)?.definition.services.web?.image;
    assert.ok(typeof image === "object");
    const [of, token, own] = image.debian.files;
    assert.match(of?.contents ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(token?.contents, "herring-of-silver");
    assert.deepEqual(own, { path: "/etc/own", contents: "welcome\n", mode: "0644" });
    assert.ok(!(await stack.stateText()).includes("herring"));
  });

  test("the key of Secure Boot reaches the builder, and stays a secret", async () => {
    const pair = makeKeyPair();
    const lines = pair.key.split("\n").filter((line) => line.length > 40);
    await using made = await imageStack(program({ args: `format: "raw-efi", secureBoot: ${JSON.stringify(pair)}` }));
    const { stack, builder, cacheDir } = made;
    const up = await stack.up();
    assert.deepEqual(builder.calls[0]?.options.secureBoot, pair);
    const kept = [
      up.text,
      await stack.stateText(),
      ...(await Promise.all(
        (
          await readdir(join(cacheDir, "artifacts"), { recursive: true, withFileTypes: true })
        )
          .filter((entry) => entry.isFile())
          .map((entry) => readFile(join(entry.parentPath, entry.name), "utf8")),
      )),
    ].join("\n");
    for (const line of lines) assert.ok(!kept.includes(line));
    assert.ok(kept.includes(pair.certificate.split("\n")[1] as string), "the certificate is not in the clear");
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    await stack.write("index.js", program({ args: `format: "raw-efi", secureBoot: ${JSON.stringify(makeKeyPair())}` }));
    assert.deepEqual(leaves((await stack.preview()).steps), [["secureBoot.certificate", "secureBoot.key"]]);
  });

  test("what is wrong in a literal stops the program, and is named without the lines of a stack", async () => {
    await using made = await imageStack(program({ service: `capabilities: ["CAP_CHOWNED"]` }));
    const { stack } = made;
    const { status, text } = await stack.run("preview");
    assert.notEqual(status, 0);
    assert.match(text, /services\.web\.capabilities\[0\].*"CAP_CHOWNED"/);
    assert.doesNotMatch(text, /\n\s+at /);
    await stack.write("index.js", program({ args: `format: "floppy"` }));
    assert.match((await stack.run("preview")).text, /formats\[0\].*got "floppy", wanted one of "kernel\+initrd", "tar"/s);
  });

  test("Ctrl-C in the middle of a build leaves nothing behind", async () => {
    await using made = await imageStack(program());
    const { stack, builder, cacheDir } = made;
    builder.mood = "hangs";
    const operation = stack.start("up", "--yes", "--skip-preview");
    await operation.printed(/segment packing: 1 of 2/);
    operation.interrupt();
    const { status, text } = await operation.outcome;
    assert.notEqual(status, 0);
    assert.match(text, /cancelled/);
    assert.deepEqual(await readdir(join(cacheDir, "artifacts")), []);
    builder.mood = "good";
    // the engine remembers that it was making something: nothing came of it
    assert.deepEqual(ops((await stack.up()).steps), ["create"]);
  });

  test("its time is what the program gives it", async () => {
    await using made = await imageStack(program().replace("{ image,  }", '{ image }, { customTimeouts: { create: "1s" } }'));
    const { stack, builder, cacheDir } = made;
    builder.mood = "hangs";
    const { status, text } = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(status, 0);
    assert.match(text, /making web took longer than 1 s/);
    assert.deepEqual(await readdir(join(cacheDir, "artifacts")), []);
  });

  test("refresh changes nothing; a lost state is imported from the cache; files that are gone are built again after a refresh", async () => {
    await using made = await imageStack(program());
    const { stack, builder } = made;
    await stack.up();
    const { digest, lock } = await stack.outputs();
    assert.deepEqual((await stack.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")).status, 0);
    await stack.must("state", "delete", "urn:pulumi:test::probe::linuxkit:index:ImageBuild::web", "--yes");
    await stack.must("import", "linuxkit:index:ImageBuild", "web", String(digest), "--yes", "--generate-code=false", "--protect=false");
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    assert.deepEqual((await stack.outputs()).lock, lock);
    assert.equal(builder.calls.length, 1);

    const { path } = await stack.outputs();
    await rm(String(path), { recursive: true });
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    await stack.refresh();
    assert.deepEqual(leaves((await stack.preview()).steps), [["path"]]);
    assert.deepEqual(ops((await stack.up()).steps), ["update"]);
    assert.deepEqual([(await stack.outputs()).path, (await stack.outputs()).digest], [path, digest]);
    assert.deepEqual(builder.calls[1]?.options.lock, lock);
    await stat(String(path));
  });

  test("update: always asks at each up, and locked ends that", async () => {
    await using made = await imageStack(program({ args: `update: "always"` }));
    const { stack, builder } = made;
    await stack.up();
    const preview = await stack.preview();
    assert.deepEqual(leaves(preview.steps), [["update"]]);
    assert.match(preview.text, /no newer version of a package or an image was found/);
    assert.deepEqual(ops((await stack.up()).steps), ["update"]);
    assert.deepEqual(
      builder.calls.map(({ options }) => options.update),
      ["always", "always"],
    );
    await stack.write("index.js", program());
    assert.deepEqual(leaves((await stack.up()).steps), [["update"]]);
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
  });
});
