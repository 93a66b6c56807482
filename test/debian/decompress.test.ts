import { randomBytes } from "node:crypto";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { type DebCompression, decompress } from "../../sdk/debian/decompress.ts";

const TEXT = Buffer.from(Array.from({ length: 60_000 }, (_, index) => `line ${index * 7919}\n`).join(""));
const TOOLS: Record<Exclude<DebCompression, "">, string> = { xz: "xz", gz: "gzip", zst: "zstd" };

for (const [compression, tool] of Object.entries(TOOLS) as [DebCompression, string][]) {
  describe(compression, () => {
    const packed = execFileSync(tool, ["-c"], { input: TEXT, maxBuffer: 1 << 26 });
    const chunks = (size: number, length = packed.length): Buffer[] =>
      Array.from({ length: Math.ceil(length / size) }, (_, index) => packed.subarray(index * size, Math.min(length, (index + 1) * size)));

    test("restores the tool's output, in chunks of any size", async () => {
      for (const size of [1 << 20, 4099]) assert.ok((await collect(decompress(chunks(size), compression, "x"))).equals(TEXT));
    });
    test("a truncated or changed stream is CORRUPT", async () => {
      for (const length of [0, 3, 5000, packed.length - 1]) {
        await assert.rejects(
          collect(decompress(chunks(1000, length), compression, "some.file")),
          (error) => isLinuxKitError(error, "CORRUPT") && error.message.startsWith("some.file: "),
          `${length} bytes`,
        );
      }
      const changed = Buffer.from(packed);
      changed.fill(0xff, 3000, 3200);
      await assert.rejects(collect(decompress([changed], compression, "x")), (error) => isLinuxKitError(error, "CORRUPT"));
    });
    test("an error of the source is thrown unchanged", async () => {
      async function* broken(): AsyncGenerator<Buffer> {
        yield packed.subarray(0, 2000);
        throw new Error("the source broke");
      }
      await assert.rejects(collect(decompress(broken(), compression, "x")), { message: "the source broke" });
    });
    test("stopping early closes the source, and streams that are read in turns do not block each other", async () => {
      let closed = 0;
      async function* source(): AsyncGenerator<Buffer> {
        try {
          yield* chunks(1000);
        } finally {
          closed++;
        }
      }
      const streams = [1, 2, 3].map(() => decompress(source(), compression, "x"));
      for (const stream of streams) assert.equal((await stream.next()).done, false);
      for (const stream of streams) await stream.return(undefined);
      assert.equal(closed, 3);
      for await (const _ of decompress([packed], compression, "x")) break;
      assert.ok((await collect(decompress([packed], compression, "x"))).equals(TEXT));
    });
  });
}

test("an xz stream that grows its memory does not corrupt concurrent streams", async () => {
  // noise keeps input waiting, and dictionaries grow from stream to stream
  const body = randomBytes(600_000);
  const streams: { readonly read: Uint8Array[]; readonly stream: AsyncGenerator<Uint8Array> }[] = [];
  const advance = async (): Promise<boolean> => {
    let open = false;
    for (const { read, stream } of streams) {
      const { done, value } = await stream.next();
      if (!done) read.push(value);
      open ||= !done;
    }
    return open;
  };
  for (const level of [0, 1, 6, 9]) {
    const packed = execFileSync("xz", [`-${level}`, "-c"], { input: body, maxBuffer: 16 << 20 });
    streams.push({ read: [], stream: decompress([packed], "xz", "x") });
    await advance();
  }
  while (await advance());
  for (const { read } of streams) assert.ok(Buffer.concat(read).equals(body));
});
