import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { build } from "../../sdk/builder/build.ts";
import { NO_PATHS, SegmentStore } from "../../sdk/cache/segment-store.ts";
import { debian } from "../../sdk/debian/images.ts";
import { File, Image, Kernel } from "../../sdk/index.ts";
import { service, task } from "../guest/image.ts";
import { noise } from "../support/fake-plan.ts";
import { scratch } from "../support/judge.ts";
import { makeOwnCache } from "../support/own-cache.ts";
import { boot } from "../support/qemu.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const ZSTD = "28b52ffd";
const GZIP = "1f8b0800";

// text and noise by turns, over several of the blocks that threads compress at once, and no multiple of them
const large = Buffer.concat([
  ...Array.from({ length: 6 }, (_, index) => [
    ...noise(700_000, String(index)),
    Buffer.from("the same line again\n".repeat(40_000)),
  ]).flat(),
  Buffer.from("end"),
]);

describe("a kernel from an image of its own", { timeout: 600_000 }, () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let registry: TestRegistry;
  let cacheDir: string;
  let image: Image;
  before(async () => {
    folder = await scratch();
    registry = await TestRegistry.start();
    cacheDir = await makeOwnCache(join(folder.path, "cache"), ["blobs", "indexes"]);
    const plain = new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()] });
    const { files } = await build(plain, { cacheDir, outputDir: folder.path, name: "plain", sbom: false });
    const [kernel] = files;
    await addImage(registry, "test/kernel", [[fileEntry("kernel", await readFile(kernel?.path ?? ""))]], { tags: ["1"] });
    const source = await folder.file("large", [large]);
    const sum = createHash("sha256").update(large).digest("hex");
    image = plain.with({
      kernel: new Kernel({ image: "test/kernel:1", tar: "none", cmdline: "console=ttyS0 panic=-1" }),
      onboot: [task("check", `echo "${sum}  /large" | busybox sha256sum -c`, { readonly: true, binds: ["/srv/large:/large:ro"] })],
      services: [service("idle", "exec busybox sleep 1000", { readonly: true })],
      files: [new File("/srv/large", { source, mode: "0644" })],
    });
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const buildAndBoot = async (name: string, wanted: string): Promise<void> => {
    const { files, cmdline } = await build(image, {
      cacheDir,
      outputDir: folder.path,
      name,
      registryMirrors: { "docker.io": registry.url },
      sbom: false,
    });
    const [kernel, initrd] = files.map(({ path }) => path);
    const bytes = await readFile(initrd as string);
    assert.equal(bytes.toString("hex", 0, 4), wanted);
    assert.equal(bytes.includes(Buffer.from(wanted === ZSTD ? GZIP : ZSTD, "hex")), false, "one compression for all segments");
    // without its modules the kernel does not reach the firmware device that has the nonce
    await using machine = await boot({ kernel: kernel as string, initrd: initrd as string, cmdline, nonce: "" });
    const end = await machine.until("it was healthy", ({ stage }) => stage === "healthy" || stage === "failed");
    assert.equal(end.stage, "healthy", machine.console());
    assert.doesNotMatch(machine.console(), /Initramfs unpacking failed|junk at the end/);
  };

  test("gets an initramfs in zstd, because it unpacks that, and boots", () => buildAndBoot("zstd", ZSTD));

  test("gets gzip by several threads where it does not, and boots", async () => {
    // the same kernel, of which the cache says that it does not unpack zstd
    const segments = new SegmentStore(cacheDir);
    const names = await readdir(join(cacheDir, "segments"));
    const answers = await Promise.all(names.map(async (key) => [key, await readFile(segments.path(key))] as const));
    const [key] = answers.find(([, bytes]) => bytes.toString("latin1") === "yes") ?? assert.fail("no answer is kept");
    await segments.put(key, [Buffer.from("no")], () => NO_PATHS);
    await buildAndBoot("gzip", GZIP);
  });
});
