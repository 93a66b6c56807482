import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import type { BuildPlanOptions } from "../../sdk/builder/build-plan-options.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { type Plan, segmentKey } from "../../sdk/plan/plan.ts";
import { fakeSources, file, noiseEntry, planOf, segment, unpack } from "../support/fake-plan.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-plan-"));
});
afterEach(() => rm(folder, { recursive: true }));

const web = (): Entry[] => [
  directoryEntry("usr/bin"),
  fileEntry("usr/bin/web", "serve\n", 0o755),
  fileEntry("usr/bin/www", "serve\n", 0o755),
  symlinkEntry("bin", "usr/bin"),
];
const trees = { web, big: () => [noiseEntry("big", 3 << 20)] };

function options(more: Partial<BuildPlanOptions> = {}): BuildPlanOptions {
  const cacheDir = more.cacheDir ?? join(folder, "cache");
  return { name: "os", outputDir: join(folder, "out"), cacheDir, store: new BlobStore(cacheDir), sources: fakeSources(trees), ...more };
}

const build = (plan: Plan, more: Partial<BuildPlanOptions> = {}) => buildPlan(plan, options(more));
const output = (name: string) => readFile(join(folder, "out", name));
const plan = planOf(segment("web", unpack("web", "containers/services/web/rootfs")), segment("config", file("etc/hostname", "os\n")));

/** The folder into which GNU cpio unpacks the joined archives; zstd decompresses them. */
async function unpacked(): Promise<string> {
  const root = join(folder, "root");
  const image = await output("os-initrd.img");
  await rm(root, { recursive: true, force: true });
  let rest = image;
  while (rest.length > 0) {
    const zstd = rest.readUInt32LE(0) === 0xfd2fb528;
    const archive = zstd
      ? execFileSync("zstd", ["-dc"], { input: frame(rest), maxBuffer: 1 << 26 })
      : rest.subarray(0, rest.indexOf("TRAILER!!!") + 14);
    execFileSync("cpio", ["-idu", "--quiet", "--no-preserve-owner", "-D", mkdir(root)], { input: archive });
    rest = rest.subarray(zstd ? frame(rest).length : archive.length);
    while (rest.length > 0 && rest[0] === 0) rest = rest.subarray(1);
  }
  return root;
}

const mkdir = (path: string): string => {
  execFileSync("mkdir", ["-p", path]);
  return path;
};

/** The first zstd frame: up to its last block and the checksum (RFC 8878, 3.1.1). */
function frame(bytes: Buffer): Buffer {
  const descriptor = bytes[4] as number;
  const single = (descriptor >> 5) & 1;
  let at = 5 + (single ? 0 : 1) + [single, 2, 4, 8][descriptor >> 6]!;
  for (let last = 0; !last; ) {
    const header = bytes.readUIntLE(at, 3);
    last = header & 1;
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  return bytes.subarray(0, at + 4);
}

describe("kernel+initrd", () => {
  test("writes three files with the reported sizes and digests", async () => {
    const artifact = await build(plan);
    assert.deepEqual(
      artifact.files.map(({ role, name }) => [role, name]),
      [
        ["kernel", "os-kernel"],
        ["initrd", "os-initrd.img"],
        ["cmdline", "os-cmdline"],
      ],
    );
    assert.deepEqual((await readdir(join(folder, "out"))).sort(), ["os-cmdline", "os-initrd.img", "os-kernel"]);
    for (const { path, size, sha256 } of artifact.files) {
      const bytes = await readFile(path);
      assert.deepEqual([bytes.length, hexOf(digestOf(bytes))], [size, sha256]);
    }
    assert.equal((await output("os-cmdline")).toString(), "console=ttyS0");
    assert.equal((await output("os-kernel")).toString(), "the kernel's own file");
    assert.deepEqual(
      artifact.segments.map(({ name, cached }) => [name, cached]),
      [
        ["web", false],
        ["config", false],
      ],
    );
    assert.equal((await output("os-initrd.img")).length % 4, 0);
  });

  test("GNU cpio unpacks the tree of all segments", async () => {
    await build(plan);
    const root = await unpacked();
    const paths = execFileSync("find", [".", "-type", "f", "-o", "-type", "l"], { cwd: root }).toString().trim().split("\n").sort();
    assert.deepEqual(paths, [
      "./containers/services/web/rootfs/bin",
      "./containers/services/web/rootfs/etc/hosts",
      "./containers/services/web/rootfs/etc/mtab",
      "./containers/services/web/rootfs/etc/resolv.conf",
      "./containers/services/web/rootfs/usr/bin/web",
      "./containers/services/web/rootfs/usr/bin/www",
      "./etc/hostname",
    ]);
    const [one, two] = await Promise.all(["web", "www"].map((name) => stat(join(root, "containers/services/web/rootfs/usr/bin", name))));
    assert.equal(one?.ino, two?.ino);
    assert.equal(one?.mode, 0o100755);
  });

  test("replacing one of two equal files leaves the other unchanged", async () => {
    await build(planOf(segment("web", unpack("web")), segment("config", file("usr/bin/www", "another\n"))));
    const root = await unpacked();
    assert.equal(await readFile(join(root, "usr/bin/web"), "utf8"), "serve\n");
    assert.equal(await readFile(join(root, "usr/bin/www"), "utf8"), "another\n");
  });

  test("without kernel and command line, only the initrd is written", async () => {
    const { kernel: _, ...rest } = plan;
    const artifact = await build({ ...rest, cmdline: "" });
    assert.deepEqual(
      artifact.files.map(({ role }) => role),
      ["initrd"],
    );
    assert.equal(artifact.digest, `sha256:${artifact.files[0]?.sha256}`);
  });
});

test("tar holds the whole tree, kernel and command line, as GNU tar reads it", async () => {
  await build(plan, { format: "tar" });
  const paths = execFileSync("tar", ["-tf", join(folder, "out/os.tar")])
    .toString()
    .trim()
    .split("\n");
  assert.deepEqual(paths.slice(0, 6), [
    "containers/",
    "containers/services/",
    "containers/services/web/",
    "containers/services/web/rootfs/",
    "containers/services/web/rootfs/usr/",
    "containers/services/web/rootfs/usr/bin/",
  ]);
  assert.deepEqual(paths.slice(-5), ["etc/", "etc/hostname", "boot/", "boot/kernel", "boot/cmdline"]);
  assert.equal(new Set(paths).size, paths.length);
});

test("tar-kernel-initrd holds the files of kernel+initrd", async () => {
  await build(plan, { format: ["kernel+initrd", "tar-kernel-initrd"] });
  const member = (name: string) => execFileSync("tar", ["-xOf", join(folder, "out/os-initrd.tar"), name], { maxBuffer: 1 << 26 });
  assert.ok(member("initrd.img").equals(await output("os-initrd.img")));
  assert.ok(member("kernel").equals(await output("os-kernel")));
  assert.equal(member("cmdline").toString(), "console=ttyS0");
});

describe("the cache", () => {
  const files = async (): Promise<Record<string, string>> => {
    const names = await readdir(join(folder, "cache"), { recursive: true });
    const found: Record<string, string> = {};
    for (const name of names) {
      const stats = await stat(join(folder, "cache", name), { bigint: true });
      if (stats.isFile()) found[name] = `${stats.ino} ${stats.mtimeNs}`;
    }
    return found;
  };

  test("an unchanged plan opens no source and rewrites no file of the cache", async () => {
    const first = await build(plan);
    const before = await files();
    assert.equal(Object.keys(before).length, 6);
    const sources = fakeSources({});
    const second = await build(plan, { sources });
    assert.deepEqual(sources.opened, []);
    assert.deepEqual(await files(), before);
    assert.deepEqual(
      second.segments.map(({ cached }) => cached),
      [true, true],
    );
    assert.deepEqual(second.files, first.files);
    assert.equal(second.digest, first.digest);
  });

  test("a changed segment is the only one made again", async () => {
    await build(plan);
    const sources = fakeSources({});
    const changed = await build(planOf(plan.segments[0]!, segment("config", file("etc/hostname", "other\n"))), { sources });
    assert.deepEqual(
      changed.segments.map(({ cached }) => cached),
      [true, false],
    );
    assert.deepEqual(sources.opened, []);
  });

  test("equal segments are made once", async () => {
    const sources = fakeSources(trees);
    await build(planOf(segment("a", unpack("web")), segment("b", unpack("web"))), { sources });
    assert.deepEqual(sources.opened.sort(), ["kernel", "web"]);
  });

  for (const { name, damage } of [
    { name: "a flipped bit", damage: (bytes: Buffer) => ((bytes[20] = (bytes[20] as number) ^ 1), bytes) },
    { name: "a cut end", damage: (bytes: Buffer) => bytes.subarray(0, -4) },
    { name: "appended bytes", damage: (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4)]) },
  ]) {
    for (const which of ["", ".json"]) {
      test(`after ${name} in a cached segment${which}, the segment is made again`, async () => {
        const first = await build(plan);
        const path = join(folder, "cache/segments", segmentKey(plan.segments[0]!) + which);
        await writeFile(path, damage(await readFile(path)));
        const second = await build(plan);
        assert.deepEqual(second.files, first.files);
        assert.deepEqual(
          second.segments.map(({ cached }) => cached),
          [false, true],
        );
        assert.deepEqual(
          (await build(plan)).segments.map(({ cached }) => cached),
          [true, true],
        );
      });
    }
  }

  test("a damaged kernel is made again too", async () => {
    await build(plan);
    for (const name of await readdir(join(folder, "cache/segments"))) {
      const path = join(folder, "cache/segments", name);
      if ((await readFile(path)).includes("own file")) await writeFile(path, "the kernel's 0wn file");
    }
    await build(plan);
    assert.equal((await output("os-kernel")).toString(), "the kernel's own file");
  });

  test("the cache is within its limit after the build", async () => {
    await build(planOf(segment("big", unpack("big"))), { cacheLimit: 1 << 20 });
    const sizes = await Promise.all(
      (await readdir(join(folder, "cache/segments"))).map(async (name) => (await stat(join(folder, "cache/segments", name))).size),
    );
    assert.ok(sizes.reduce((a, b) => a + b, 0) <= 1 << 20);
    assert.ok((await output("os-initrd.img")).length > 1 << 20);
  });

  test("two concurrent builds make a segment once and give equal bytes", async () => {
    const sources = fakeSources(trees);
    const [one, two] = await Promise.all([
      build(plan, { sources, outputDir: join(folder, "one") }),
      build(plan, { sources, outputDir: join(folder, "two") }),
    ]);
    assert.equal(one.digest, two.digest);
    assert.deepEqual(sources.opened.sort(), ["kernel", "web"]);
  });
});

test("the same plan gives the same bytes under another time zone, umask, folder and order of work", async () => {
  const { digest } = await build(plan);
  const script = `
    process.umask(0o077);
    const { buildPlan } = await import(${JSON.stringify(new URL("../../sdk/builder/build-plan.ts", import.meta.url).href)});
    const { BlobStore } = await import(${JSON.stringify(new URL("../../sdk/cache/blob-store.ts", import.meta.url).href)});
    const { fakeSources } = await import(${JSON.stringify(new URL("../support/fake-plan.ts", import.meta.url).href)});
    const { fileEntry, directoryEntry, symlinkEntry } = await import(${JSON.stringify(new URL("../../sdk/archive/entry.ts", import.meta.url).href)});
    const sources = fakeSources({ web: ${web.toString()} });
    const artifact = await buildPlan(${JSON.stringify(plan)}, { name: "os", outputDir: "out2", cacheDir: "cache2", store: new BlobStore("cache2"), sources });
    console.log(artifact.digest);`;
  const got = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: folder,
    env: { ...process.env, TZ: "Pacific/Kiritimati", UV_THREADPOOL_SIZE: "1" },
  });
  assert.equal(got.toString().trim(), digest);
});

describe("refused", () => {
  const rows: { name: string; plan: Plan; more?: Partial<BuildPlanOptions>; code: string; message: RegExp }[] = [
    {
      name: "an unknown format",
      plan,
      more: { format: "vhs" as "tar" },
      code: "INVALID_DEFINITION",
      message: /format: got "vhs", wanted one of kernel\+initrd, tar/,
    },
    { name: "a name with a slash", plan, more: { name: "a/b" }, code: "INVALID_DEFINITION", message: /name: got "a\/b"/ },
    {
      name: "a file over a directory of another segment",
      plan: planOf(segment("web", unpack("web")), segment("config", file("usr", "x"))),
      code: "INVALID_DEFINITION",
      message: /^usr: config has a file or symlink where/,
    },
    { name: "a path that leaves the tree", plan: planOf(segment("config", file("../x", "x"))), code: "HOSTILE_ARCHIVE", message: /\.\./ },
    {
      name: "a large file that is not in the cache",
      plan: planOf(
        segment("config", {
          kind: "entry",
          path: "f",
          type: "file",
          mode: 0o644,
          uid: 0,
          gid: 0,
          blob: { digest: digestOf("x"), size: 1 },
        }),
      ),
      code: "NOT_FOUND",
      message: /^f: its content sha256:/,
    },
  ];
  for (const { name, plan: bad, more, code, message } of rows) {
    test(name, async () => {
      await assert.rejects(build(bad, more), { code, message });
      assert.deepEqual(await readdir(join(folder, "out")).catch(() => []), []);
    });
  }
});

test("progress reports each segment, and the bytes written of each file", async () => {
  const reported: Progress[] = [];
  await build(planOf(segment("big", unpack("big"))), { onProgress: (progress) => reported.push(progress) });
  assert.ok(reported.some(({ stage, message }) => stage === "segment" && message === "unpack services.big"));
  assert.ok(reported.some(({ message, done, total }) => message === "compress big" && (done ?? 0) > 1 << 20 && total !== undefined));
  assert.ok(reported.some(({ message }) => message === "big made"));
  // lasting lines stay in the output of `pulumi up`, so a segment must not have one
  assert.deepEqual(
    reported.filter(({ lasting }) => lasting),
    [],
  );
  const writes = reported.filter(({ message }) => message === "write os-initrd.img");
  assert.equal(writes.at(-1)?.done, writes.at(-1)?.total);
});
