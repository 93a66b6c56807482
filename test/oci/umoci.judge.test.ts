import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Entry } from "../../sdk/archive/entry.ts";
import { readTar } from "../../sdk/archive/read-tar.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { type LinuxKitErrorCode, isLinuxKitError } from "../../sdk/core/errors.ts";
import type { Descriptor } from "../../sdk/oci/descriptor.ts";
import { flatten } from "../../sdk/oci/flatten/flatten.ts";
import { storedLayers } from "../../sdk/oci/layer.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { writeLayout } from "../support/write-layout.ts";
import { Random, seed } from "../support/random.ts";
import { randomLayers } from "../support/random-layers.ts";
import { runTool } from "../support/run-tool.ts";
import { tarOf } from "../support/test-image.ts";
import { type TreeRecord, recordTree } from "../support/tree-record.ts";

const folder = await mkdtemp(join(tmpdir(), "umoci-"));
after(() => rm(folder, { recursive: true, force: true }));

const AMD64 = { os: "linux", architecture: "amd64" };

/** Writes layers as an image of an OCI layout, each compressed or not, and returns them as this library reads them. */
async function writeImage(layout: string, tag: string, stack: readonly (readonly Entry[])[], random: Random) {
  const store = new BlobStore(layout);
  const put = async (mediaType: string, bytes: Buffer): Promise<Descriptor> => {
    const { digest, size } = await store.put([bytes], { digest: digestOf(bytes) });
    return { mediaType, digest, size };
  };
  const tars = await Promise.all(stack.map(tarOf));
  const layers = await Promise.all(
    tars.map((tar) => (random.chance(0.8) ? put(MEDIA_TYPE.ociLayerGzip, gzipSync(tar, { level: 1 })) : put(MEDIA_TYPE.ociLayer, tar))),
  );
  const diffIds = tars.map((tar) => digestOf(tar));
  const config = await put(
    MEDIA_TYPE.ociConfig,
    Buffer.from(JSON.stringify({ ...AMD64, config: {}, rootfs: { type: "layers", diff_ids: diffIds } })),
  );
  const manifest = await put(
    MEDIA_TYPE.ociManifest,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers })),
  );
  await writeLayout(layout, tag, manifest, [], store);
  return storedLayers(store, layers, diffIds);
}

/** The tree that umoci unpacked, read from an archive of GNU tar. */
async function recordFolder(root: string): Promise<Map<string, TreeRecord>> {
  const tar = spawn(
    "tar",
    ["--create", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--format=pax", "--sort=name", "-C", root, "."],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  return recordTree(readTar(tar.stdout, root));
}

// every time in the layers is older than this
const RECENT = Math.floor(Date.now() / 1000) - 86_400;

function compare(ours: Map<string, TreeRecord>, theirs: Map<string, TreeRecord>): void {
  const judged = [...theirs].filter(([path]) => path !== "" || ours.has(""));
  const sorted = (tree: Iterable<[string, TreeRecord]>) => Object.fromEntries([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
  assert.deepEqual(sorted(ours), sorted(judged.map(([path, record]) => [path, withoutTraces(record, ours.get(path))])));
}

// Unpacking gives a directory the time of the last whiteout in it. A parent that no layer holds gets the current time,
// and the group and setgid bit of the directory that it was created in.
function withoutTraces(theirs: TreeRecord, ours: TreeRecord | undefined): TreeRecord {
  if (theirs.type !== "directory" || theirs.mtime < RECENT || !ours) return theirs;
  const inherited = ours.mtime === 0 && theirs.mode === "2755" ? { mode: ours.mode, owner: ours.owner } : {};
  return { ...theirs, mtime: ours.mtime, ...inherited };
}

type Outcome = { readonly tree: Map<string, TreeRecord> } | { readonly refused: LinuxKitErrorCode; readonly why: string };

async function outcomeOf(entries: AsyncIterable<Entry>): Promise<Outcome> {
  try {
    return { tree: await recordTree(entries) };
  } catch (error) {
    if (isLinuxKitError(error)) return { refused: error.code, why: error.message };
    throw error;
  }
}

test("random layers flatten to the tree that umoci unpacks", { timeout: 600_000 }, async (context) => {
  const from = seed();
  const wanted = Number(process.env.TEST_STACKS ?? 500);
  context.diagnostic(`TEST_SEED=${from}`);
  let compared = 0;
  let refused = 0;
  for (let batch = 0; compared < wanted; batch++) {
    const layout = join(folder, `batch-${batch}`);
    const seeds = Array.from({ length: 25 }, (_, position) => from + batch * 25 + position);
    const images = [];
    for (const one of seeds) {
      const random = new Random(one);
      images.push({ one, tag: `s${one}`, layers: await writeImage(layout, `s${one}`, randomLayers(random), random) });
    }
    // a few at a time: umoci mostly waits for the disk
    const queue = images.values();
    const worker = async () => {
      for (const { one, tag, layers } of queue) {
        const label = `TEST_SEED=${one} TEST_STACKS=1`;
        const bundle = join(layout, "bundles", tag);
        const [{ status, output }, ours] = await Promise.all([
          runTool("umoci", "unpack", "--image", `${layout}:${tag}`, bundle),
          outcomeOf(flatten(layers, { spoolDirectory: folder })),
        ]);
        if ("refused" in ours) {
          refused++;
          // umoci may take what flatten calls hostile; both refuse corrupt layers
          if (ours.refused === "CORRUPT") assert.notEqual(status, 0, `${label}: umoci accepts layers that flatten refuses: ${ours.why}`);
          else assert.equal(ours.refused, "HOSTILE_ARCHIVE", `${label}: ${ours.why}`);
          continue;
        }
        assert.equal(status, 0, `${label}: flatten accepts layers that umoci refuses: ${output}`);
        try {
          compare(ours.tree, await recordFolder(join(bundle, "rootfs")));
        } catch (error) {
          throw new Error(`${label}: ${(error as Error).message}`, { cause: error });
        }
        compared++;
      }
    };
    const failed = (await Promise.allSettled([worker(), worker(), worker(), worker()])).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
    await rm(layout, { recursive: true });
  }
  context.diagnostic(`${compared} stacks compared, ${refused} refused`);
  assert.ok(refused < compared, "most layers are accepted");
});
