import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isCompressible } from "../../sdk/format/compressible.ts";
import { noise } from "../support/disks.ts";

const program = readFileSync(process.execPath).subarray(1 << 20, (1 << 20) + 65536);
const noisy = noise(65536);

describe("a block is worth compressing", () => {
  for (const [name, bytes, want] of [
    ["text", Buffer.from("a line of text\n".repeat(5000)), true],
    ["a program", program, true],
    ["noise", noisy, false],
    ["a MiB of noise", noise(1 << 20), false],
    ["gzip data", gzipSync(noise(200_000).toString("hex")).subarray(0, 65536), false],
    ["noise with a quarter of zeroes", Buffer.concat([noisy.subarray(0, 49152)], 65536), true],
    ["hexadecimal digits of noise", Buffer.from(noisy.subarray(0, 32768).toString("hex")), true],
    ["a few bytes of noise", noisy.subarray(0, 512), true],
  ] as const) {
    test(`${want ? "yes" : "no"}: ${name}`, () => assert.equal(isCompressible(bytes), want));
  }
});
