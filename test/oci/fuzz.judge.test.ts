import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type LinuxKitErrorCode, isLinuxKitError } from "../../sdk/core/errors.ts";
import { decompress } from "../../sdk/oci/decompress.ts";
import { flatten } from "../../sdk/oci/flatten/flatten.ts";
import { parseImageConfig } from "../../sdk/oci/image-config.ts";
import { parseIndex } from "../../sdk/oci/image-index.ts";
import { parseManifest } from "../../sdk/oci/manifest.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { parseReference } from "../../sdk/oci/reference.ts";
import { parseChallenges } from "../../sdk/oci/registry/challenge.ts";
import { Random, seed } from "../support/random.ts";
import { randomLayers } from "../support/random-layers.ts";
import { layerOf, tarOf } from "../support/test-image.ts";

const SECONDS = Number(process.env.TEST_FUZZ_SECONDS ?? 60);
/** All inputs are small: one that takes this long hangs. */
const HANG_MS = 20_000;
const REFUSALS: readonly LinuxKitErrorCode[] = ["CORRUPT", "HOSTILE_ARCHIVE", "TOO_LARGE", "UNSUPPORTED", "REFERENCE_INVALID"];

const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
const spoolDirectory = join(folder, "a", "b", "spool");
await mkdir(spoolDirectory, { recursive: true });
after(() => rm(folder, { recursive: true }));

const digest = `sha256:${"0".repeat(64)}` as const;
const descriptor = { mediaType: MEDIA_TYPE.ociLayerGzip, digest, size: 5, annotations: { a: "b" } };
const DOCUMENTS: readonly [unknown, (bytes: Buffer) => unknown][] = [
  [
    { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: descriptor, layers: [descriptor, descriptor], subject: descriptor },
    (bytes) => parseManifest(bytes, "m"),
  ],
  [
    { schemaVersion: 2, manifests: [{ ...descriptor, platform: { os: "linux", architecture: "amd64", variant: "v8" } }] },
    (bytes) => parseIndex(bytes, "i"),
  ],
  [
    {
      os: "linux",
      config: { Entrypoint: ["a"], Cmd: [], Env: ["A=1"], WorkingDir: "/", Labels: { "org.mobyproject.config": "{}" } },
      rootfs: { diff_ids: [digest] },
    },
    (bytes) => parseImageConfig(bytes, "c"),
  ],
];
const TEXTS: readonly [string, (text: string) => unknown][] = [
  ["docker.io/library/nginx:1.27@sha256:0000000000000000000000000000000000000000000000000000000000000000", parseReference],
  ["oci:./dir:tag", parseReference],
  ['Bearer realm="https://a/t",service="s", Basic realm=x', parseChallenges],
];

/** Changes, cuts, repeats or inserts bytes at random places. */
function damage(random: Random, bytes: Buffer): Buffer {
  let damaged = Buffer.from(bytes);
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(damaged.length + 1);
    const length = random.below(random.pick([2, 16, 600]));
    switch (random.below(5)) {
      case 0:
        if (at < damaged.length) damaged[at] = random.below(256);
        break;
      case 1:
        damaged = damaged.subarray(0, at);
        break;
      case 2:
        damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + length)]);
        break;
      case 3:
        damaged = Buffer.concat([damaged.subarray(0, at + length), damaged.subarray(at)]);
        break;
      default:
        damaged = Buffer.concat([damaged.subarray(0, at), random.bytes(length), damaged.subarray(at)]);
    }
  }
  return damaged;
}

/** Changes fields of a tar's headers and updates the checksums, so that the headers pass the first check. */
function damageHeaders(random: Random, tar: Buffer): Buffer {
  const damaged = Buffer.from(tar);
  const fields: readonly [number, number][] = [
    [0, 100],
    [100, 8],
    [108, 8],
    [124, 12],
    [136, 12],
    [156, 1],
    [157, 100],
    [329, 8],
    [345, 155],
  ];
  const values = [
    "..",
    "/",
    "../../x",
    "a/../b",
    "\0",
    "77777777777",
    "\u0080\u0000\u0000\u0000\u00ff",
    "-1",
    "x",
    "L",
    "S",
    "g",
    "1",
    "2",
    "\u00ff",
  ];
  for (let at = 0; at + 512 <= damaged.length; at += 512) {
    if (damaged.toString("latin1", at + 257, at + 262) !== "ustar" || !random.chance(0.4)) continue;
    const [offset, length] = random.pick(fields);
    damaged.fill(0, at + offset, at + offset + length);
    damaged.write(random.pick(values).slice(0, length), at + offset, "latin1");
    damaged.fill(" ", at + 148, at + 156);
    const sum = damaged.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    damaged.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return damaged;
}

async function feed(random: Random): Promise<void> {
  const kind = random.below(10);
  if (kind < 2) {
    const [value, parse] = random.pick(DOCUMENTS);
    parse(damage(random, Buffer.from(JSON.stringify(value))));
    return;
  }
  if (kind < 3) {
    const [value, parse] = random.pick(TEXTS);
    parse(damage(random, Buffer.from(value)).toString("latin1"));
    return;
  }
  const stack = await Promise.all(randomLayers(random).map(tarOf));
  const blobs = stack.map((tar) => {
    const altered = random.chance(0.5) ? damageHeaders(random, tar) : random.chance(0.5) ? damage(random, tar) : tar;
    const compressed = [altered, gzipSync(altered, { level: 1 }), zstdCompressSync(altered)][random.below(3)] as Buffer;
    return random.chance(0.3) ? damage(random, compressed) : compressed;
  });
  for await (const { body } of flatten(
    blobs.map((blob) => layerOf(blob)),
    { spoolDirectory },
  ))
    for await (const _ of body);
  for (const blob of blobs) for await (const _ of decompress([blob.subarray(0, 3), blob.subarray(3)], "blob"));
}

test("damaged layers, manifests and references are read or refused, without a crash, a hang or a file left behind", {
  timeout: SECONDS * 1000 + 60_000,
}, async (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from} TEST_FUZZ_SECONDS=${SECONDS}`);
  const end = Date.now() + SECONDS * 1000;
  const counts = new Map<string, number>();
  let one = from;
  for (; one === from || Date.now() < end; one++) {
    let outcome = "read";
    const hang = setTimeout(() => {
      throw new Error(`TEST_SEED=${one}: hangs`);
    }, HANG_MS);
    try {
      await feed(new Random(one));
    } catch (error) {
      if (!isLinuxKitError(error) || !REFUSALS.includes(error.code))
        throw new Error(`TEST_SEED=${one} TEST_FUZZ_SECONDS=0: ${error}`, { cause: error });
      outcome = error.code;
    } finally {
      clearTimeout(hang);
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  context.diagnostic(`${one - from} inputs: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}`);
  assert.deepEqual(await readdir(folder, { recursive: true }), ["a", join("a", "b"), join("a", "b", "spool")]);
});
