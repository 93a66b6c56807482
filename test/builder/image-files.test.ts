import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cacheFilesOf } from "../../sdk/builder/cache-files.ts";
import { withChangedTexts } from "../../sdk/builder/changed-texts.ts";
import { imagePrograms } from "../../sdk/builder/image-programs.ts";
import { readLocalFiles } from "../../sdk/builder/local-files.ts";
import { planOffline } from "../../sdk/builder/plan-offline.ts";
import { SegmentStore } from "../../sdk/cache/segment-store.ts";
import { resolveContext } from "../../sdk/builder/build.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { debian, File, Image, Service, Volume } from "../../sdk/index.ts";
import { sourceKey } from "../../sdk/resolve/image-source.ts";
import { review } from "../../sdk/review/review.ts";
import { debianFixture } from "../support/debian-fixture.ts";
import { DebianMirror } from "../support/debian-mirror.ts";
import { elfFile } from "../support/elf-file.ts";
import { scratch } from "../support/judge.ts";

const BINARY = Buffer.from([0, 255, 1, 254]);
const PROGRAM = elfFile({ interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["libc.so.6"] });

let mirror: DebianMirror;
before(async () => {
  mirror = await DebianMirror.start([{ name: "tool", files: { "usr/share/tool/readme": "x" } }]);
});
after(() => mirror.stop());

async function makeApp(folder: string): Promise<void> {
  await mkdir(join(folder, "app/lib"), { recursive: true });
  await mkdir(join(folder, "app/node_modules"));
  await writeFile(join(folder, "app/server.js"), "console.log(1);\n");
  await writeFile(join(folder, "app/run.sh"), "#!/bin/sh\n");
  await chmod(join(folder, "app/run.sh"), 0o700);
  await writeFile(join(folder, "app/lib/data.bin"), BINARY);
  await writeFile(join(folder, "app/lib/large.txt"), "x".repeat(5000));
  await symlink("../server.js", join(folder, "app/lib/main.js"));
  await writeFile(join(folder, "app/node_modules/index.js"), "");
  await writeFile(join(folder, "app/.dockerignore"), "node_modules\n");
  await writeFile(join(folder, "program"), PROGRAM);
  await chmod(join(folder, "program"), 0o755);
  await writeFile(join(folder, "note"), "hello\n");
}

const files = [
  { path: "/app", source: "app", uid: 1000, gid: 33 },
  { path: "/bin/program", source: "program" },
  { path: "/etc/note", source: "note", mode: "0600" },
];
const image = (list: object[] = files): DebianImage => debian.packages({ packages: ["tool"], files: list as never });
const os = (list?: object[]): Definition =>
  new Image({ init: [image(list)], services: [new Service("site", { image: image(list), command: ["program"], net: "host" })] }).spec;
const siteOf = ({ services }: Definition): DebianImage => services["site"]?.image as DebianImage;

describe("a source among the files of debian.packages", () => {
  test("lies in the image with modes, links and binary files, without what is ignored", async () => {
    await using fixture = await debianFixture(mirror);
    await using place = await scratch();
    await makeApp(place.path);
    const read = siteOf(readLocalFiles(os(), { projectDir: place.path, store: fixture.store }));
    const tree = await fixture.unpack(read, await fixture.lock(read));
    const own = Object.fromEntries(Object.entries(tree).filter(([path]) => /^(app|usr\/bin|etc\/note)/.test(path)));
    assert.deepEqual(own, {
      app: "dir 755 1000:33",
      "app/lib": "dir 755 1000:33",
      "app/lib/data.bin": `file 644 1000:33 ${BINARY.toString("latin1")}`,
      "app/lib/large.txt": `file 644 1000:33 ${"x".repeat(5000)}`,
      "app/lib/main.js": "-> ../server.js",
      "app/run.sh": "file 755 1000:33 #!/bin/sh\n",
      "app/server.js": "file 644 1000:33 console.log(1);\n",
      "usr/bin": "dir 755",
      "usr/bin/program": `file 755 ${PROGRAM.toString("latin1")}`,
      "etc/note": "file 600 hello\n",
    });
  });

  test("is read in every place of an image, and a small text equals what is written there", async () => {
    await using fixture = await debianFixture(mirror);
    await using place = await scratch();
    await makeApp(place.path);
    const places = { projectDir: place.path, store: fixture.store };
    const note = (args: object): Definition =>
      new Image({
        init: [image([{ path: "/n", ...args }])],
        services: [new Service("site", { image: image([{ path: "/n", ...args }]) })],
        volumes: [new Volume("data", { image: image([{ path: "/n", ...args }]) })],
        files: [new File("/n", { mode: "0644", ...args } as never)],
      }).spec;
    assert.deepEqual(readLocalFiles(note({ source: "note" }), places), readLocalFiles(note({ contents: "hello\n", mode: "0644" }), places));
  });

  test("is refused with its path as it was typed", async () => {
    await using place = await scratch();
    await makeApp(place.path);
    await using fixture = await debianFixture(mirror);
    const read = (list: object[]) => () => readLocalFiles(os(list), { projectDir: place.path, store: fixture.store });
    assert.throws(read([{ path: "/www", source: "./wwww" }]), {
      code: "NOT_FOUND",
      message: `init[0]: files /www: got source "./wwww", wanted a file or folder: not found at ${join(place.path, "wwww")}`,
    });
    assert.throws(read([{ path: "/www", source: "/dev/null" }]), { code: "NOT_FOUND", message: /something else at \/dev\/null$/ });
    assert.throws(read([{ path: "/app", source: "app", mode: "0644" }]), {
      code: "INVALID_DEFINITION",
      message: /^init\[0\]: files \/app: mode: got "0644" for the folder .*\/app, whose files keep their own: leave it out$/,
    });
    assert.equal(spawnSync("mkfifo", [join(place.path, "app/pipe")]).status, 0);
    assert.throws(read(files), { code: "UNSUPPORTED", message: /^init\[0\]: files \/app: .*app\/pipe is a socket, pipe or device/ });
  });

  test("stands alone", () => {
    for (const other of [{ contents: "" }, { directory: true }, { symlink: "x" }])
      assert.throws(() => image([{ path: "/a", source: "a", ...other }]), {
        code: "INVALID_DEFINITION",
        message: /files\[0\]: got an object, wanted at most one of contents, source, directory and symlink, not /,
      });
    assert.throws(() => image([{ path: "/a", sha256: "0".repeat(64) }]), { message: /files\[0\]\.sha256: unknown property/ });
    assert.throws(() => image([{ path: "/a", source: "" }]), { message: /files\[0\]\.source/ });
  });

  test("decides the plan by its content, keeps the lock, and is held in the cache", async () => {
    await using fixture = await debianFixture(mirror);
    await using place = await scratch();
    await makeApp(place.path);
    const places = { projectDir: place.path, store: fixture.store };
    const locked = await fixture.lock(image());
    const lock = { version: 1, arch: "amd64", debian: { [sourceKey(image())]: locked }, images: {} } as const;
    const plan = (definition: Definition) => planOffline(definition, { arch: "amd64", lock: lock as never });
    assert.equal(sourceKey(siteOf(readLocalFiles(os(), places))), sourceKey(image()));
    assert.equal(await plan(os()), undefined, "what is not read decides nothing");
    const first = await plan(readLocalFiles(os(), places));
    assert.ok(first);
    await chmod(join(place.path, "app/server.js"), 0o600);
    assert.equal((await plan(readLocalFiles(os(), places)))?.digest, first.digest);
    for (const path of [...cacheFilesOf(first)].filter((path) => path.endsWith(hexOf(digestOf(BINARY)))))
      assert.deepEqual(await readFile(join(fixture.cacheDir, path)), BINARY);
    assert.ok(cacheFilesOf(first).has(`blobs/sha256/${hexOf(digestOf(BINARY))}`));
    await writeFile(join(place.path, "app/lib/data.bin"), Buffer.from([0, 255, 1, 253]));
    assert.notEqual((await plan(readLocalFiles(os(), places)))?.digest, first.digest);
  });

  test("shows in a review: a large text by its lines, other content by its digest", async () => {
    await using fixture = await debianFixture(mirror);
    await using place = await scratch();
    await makeApp(place.path);
    const places = { projectDir: place.path, store: fixture.store };
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`);
    const read = (): Definition => readLocalFiles(os(), places);
    await writeFile(join(place.path, "app/lib/large.txt"), lines.join(""));
    const old = read();
    await writeFile(join(place.path, "app/lib/large.txt"), lines.with(500, "another\n").join(""));
    await writeFile(join(place.path, "app/lib/data.bin"), Buffer.from([0, 200]));
    await rm(join(place.path, "app/run.sh"));
    const [was, is] = await withChangedTexts(old, read(), fixture.store);
    const changes = review({ definition: was }, { definition: is }).changes.filter(({ path }) => path.startsWith("services.site"));
    assert.deepEqual(changes.map(({ path }) => path).sort(), [
      'services.site.image.files["app/lib/data.bin"].sha256',
      'services.site.image.files["app/lib/large.txt"].contents',
      'services.site.image.files["app/run.sh"]',
    ]);
    assert.match(JSON.stringify(changes), /another/);
  });

  test("is what a command runs: its interpreter is sought in the image", async () => {
    await using fixture = await debianFixture(mirror);
    await using place = await scratch();
    await makeApp(place.path);
    const read = siteOf(readLocalFiles(os(), { projectDir: place.path, store: fixture.store }));
    const context = resolveContext({ arch: "amd64", cacheDir: fixture.cacheDir });
    const { packages } = await fixture.lock(read);
    const programs = await imagePrograms({ debian: read.debian, packages, config: {} } as never, {
      ...context,
      segments: new SegmentStore(fixture.cacheDir),
    });
    assert.deepEqual(programs["usr/bin/program"], { kind: "binary", loader: "/lib64/ld-linux-x86-64.so.2" });
    assert.deepEqual(programs["app/run.sh"], { kind: "script", line: "/bin/sh" });
    assert.deepEqual(programs["etc/note"], { kind: "forbidden" });
  });
});
