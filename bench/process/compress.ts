/* The floor of compression: the same bytes through node:zlib alone, at the same level. `compress.ts FILE zstd|gzip LEVEL` */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { constants, createGzip, createZstdCompress } from "node:zlib";

const [file, algorithm, level] = process.argv.slice(2) as [string, string, string];
const compressor =
  algorithm === "gzip"
    ? createGzip({ level: Number(level) })
    : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: Number(level) } });
let size = 0;
const began = performance.now();
await pipeline(createReadStream(file, { highWaterMark: 1 << 18 }), compressor, async (source: AsyncIterable<Uint8Array>) => {
  for await (const chunk of source) size += chunk.length;
});
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, size }));
