import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { takesZstd } from "../../sdk/builder/kernel-zstd.ts";
import type { BuildContext } from "../../sdk/builder/segment.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { SegmentStore } from "../../sdk/cache/segment-store.ts";
import { zstdKey } from "../../sdk/plan/plan.ts";
import { fakeSources, noise, source } from "../support/fake-plan.ts";
import { judgeBytes, scratch } from "../support/judge.ts";

const MESSAGE = "ZSTD-compressed data is corrupt";
const part = (size: number, seed: string): Buffer => Buffer.concat([...noise(size, seed)]);
/** A kernel proper: bytes, with or without the decompressor's message at a place that no chunk begins at. */
const proper = (text: string): Buffer => Buffer.concat([part(200_000, "a"), Buffer.from(`\0${text}\0zstd\0`), part(90_000, "b")]);
const WITH = proper(MESSAGE);
const WITHOUT = proper("zstd");

const sized = (packed: Buffer, size: number): Buffer => {
  const appended = Buffer.alloc(4);
  appended.writeUInt32LE(size);
  return Buffer.concat([packed, appended]);
};

/** A bzImage whose own code holds the message: that is the decompressor of the kernel itself, and says nothing. */
function bzImage(payload: Buffer): Buffer {
  const setup = Buffer.alloc(4 * 512);
  setup[0x1f1] = 3;
  setup.write("HdrS", 0x202, "latin1");
  setup.writeUInt16LE(0x20f, 0x206);
  const code = Buffer.from(`${MESSAGE}\0`.padEnd(3000, "x"));
  setup.writeUInt32LE(code.length, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, code, payload, code]);
}

function zboot(payload: Buffer): Buffer {
  const head = Buffer.alloc(4096, `${MESSAGE}\0`);
  head.write("MZ\0\0zimg", 0, "latin1");
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(payload.length, 12);
  return Buffer.concat([head, payload]);
}

/** An Image of arm64 or RISC-V, which is the kernel proper. */
function plain(magic: string, kernel: Buffer): Buffer {
  const head = Buffer.alloc(1024);
  head.write(magic, 0x38, "latin1");
  return Buffer.concat([head, kernel]);
}

const elf = (kernel: Buffer): Buffer => Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(1020), kernel]);

async function contextOf(file: Buffer, folder: string): Promise<BuildContext & { opened: string[] }> {
  const sources = fakeSources({});
  const opened: string[] = [];
  return {
    store: new BlobStore(folder),
    segments: new SegmentStore(folder),
    opened,
    sources: {
      ...sources,
      async openKernel() {
        opened.push("kernel");
        return { body: [file] };
      },
    },
  };
}

async function answer(file: Buffer): Promise<boolean> {
  await using folder = await scratch();
  return await takesZstd({ source: source("kernel") }, await contextOf(file, folder.path));
}

/** The compressions of a kernel's payload, by the tools that the kernel's build uses (scripts/Makefile.lib). */
async function packed(kernel: Buffer): Promise<Record<string, Buffer>> {
  await using folder = await scratch();
  const path = await folder.file("kernel", [kernel]);
  return {
    gzip: gzipSync(kernel),
    zstd: sized(zstdCompressSync(kernel), kernel.length),
    xz: sized(judgeBytes("xz", "--check=crc32", "-c", path), kernel.length),
    lz4: sized(judgeBytes("lz4", "-l", "-9", "-c", path), kernel.length),
  };
}

const [yes, no] = [await packed(WITH), await packed(WITHOUT)];

for (const name of ["gzip", "zstd", "xz", "lz4"]) {
  describe(`a kernel packed by ${name}`, () => {
    for (const [kind, wrap] of Object.entries({ bzImage, zboot })) {
      test(`takes zstd if the kernel proper in its ${kind} has the decompressor`, async () => {
        assert.equal(await answer(wrap(yes[name] as Buffer)), true);
        assert.equal(await answer(wrap(no[name] as Buffer)), false);
      });
    }
  });
}

describe("a kernel that is not packed", () => {
  for (const [kind, wrap] of Object.entries({
    "arm64's Image": (kernel: Buffer) => plain("ARM\x64", kernel),
    "arm64's Image.gz": (kernel: Buffer) => gzipSync(plain("ARM\x64", kernel)),
    "RISC-V's Image": (kernel: Buffer) => plain("RSC\x05", kernel),
    "an ELF file": elf,
  })) {
    test(`is read as ${kind}`, async () => {
      assert.equal(await answer(wrap(WITH)), true);
      assert.equal(await answer(wrap(WITHOUT)), false);
    });
  }
});

test("a message that two chunks share is found", async () => {
  for (const shift of [1, 10, MESSAGE.length - 1]) {
    const at = (1 << 20) - shift;
    const kernel = Buffer.concat([part(at - 1024, "long"), Buffer.from(MESSAGE), part(5000, "end")]);
    assert.equal(await answer(plain("ARM\x64", kernel)), true, `${shift} bytes before the end of a chunk`);
  }
});

describe("a kernel is taken not to unpack zstd", () => {
  for (const [what, file] of Object.entries({
    "when its file is empty": Buffer.alloc(0),
    "when its file is short": Buffer.from("the kernel's own file"),
    "when its kind is unknown": Buffer.concat([Buffer.alloc(2048, 7), WITH]),
    "when its payload is packed by bzip2": bzImage(Buffer.concat([Buffer.from("BZh91AY&SY"), WITH])),
    "when its payload is broken": bzImage((yes.gzip as Buffer).subarray(0, 1000)),
    "when it unpacks to more than any kernel": bzImage(
      Buffer.concat([...Array<Buffer>(9).fill(gzipSync(Buffer.alloc(64 << 20), { level: 1 })), gzipSync(WITH)]),
    ),
    "when its payload is said to be beyond its end": bzImage(yes.gzip as Buffer).subarray(0, 2048),
  })) {
    test(what, async () => assert.equal(await answer(file), false));
  }
});

test("the answer is kept in the cache under the kernel, and found again where it was damaged", async () => {
  await using folder = await scratch();
  const kernel = { source: source("kernel") };
  const context = await contextOf(bzImage(yes.zstd as Buffer), folder.path);
  assert.equal(await takesZstd(kernel, context), true);
  const other = await contextOf(Buffer.from("not looked at"), folder.path);
  assert.equal(await takesZstd(kernel, other), true);
  assert.deepEqual(other.opened, []);
  await writeFile(new SegmentStore(folder.path).path(zstdKey(kernel)), "yep");
  assert.equal(await takesZstd(kernel, other), true);
  assert.equal(await takesZstd({ ...kernel, binary: "other" }, other), false);
});
