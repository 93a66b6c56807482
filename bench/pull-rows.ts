import { createHash, randomFillSync } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fileEntry } from "../sdk/archive/entry.ts";
import { writeTar } from "../sdk/archive/write-tar.ts";
import { collect } from "../sdk/core/bytes.ts";
import { LAYOUT_MARKER, REF_NAME } from "../sdk/oci/layout.ts";
import { MEDIA_TYPE } from "../sdk/oci/media-type.ts";
import { DockerRegistry } from "../test/support/docker-registry.ts";
import { mustRun } from "../test/support/run-tool.ts";
import { child, median } from "./child.ts";
import type { Row } from "./row.ts";

const LAYERS = 8;
const LAYER_MIB = 256;
const RUNS = 3;

/** Pulls an image of 2 GiB from Debian's docker-registry on loopback into an OCI layout, in turn with skopeo doing the same. */
export async function pullRows(folder: string, limitMB: number): Promise<Row[]> {
  await using registry = await DockerRegistry.start();
  const source = join(folder, "pull-source");
  const bytes = await writeLayout(source);
  const reference = `${registry.host}/bench:1`;
  await mustRun("skopeo", "copy", "--dest-tls-verify=false", `oci:${source}:1`, `docker://${reference}`);
  rmSync(source, { recursive: true });
  const ours: { seconds: number; peakMB: number }[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const [here, there] = [join(folder, "pull-ours"), join(folder, "pull-skopeo")];
    ours.push(await child<{ seconds: number; peakMB: number }>("pull", reference, here));
    const began = performance.now();
    await mustRun("skopeo", "copy", "--src-tls-verify=false", `docker://${reference}`, `oci:${there}:1`);
    theirs.push((performance.now() - began) / 1000);
    for (const made of [here, there]) rmSync(made, { recursive: true });
  }
  const perSecond = (seconds: readonly number[]): number => bytes / 1e6 / median(seconds);
  return [
    { what: "pull: 2 GiB into an OCI layout", value: perSecond(ours.map(({ seconds }) => seconds)), unit: "MB/s", floor: perSecond(theirs), floorIs: "skopeo copy of the same image", leastRatio: 1 },
    { what: "pull: peak memory", value: Math.max(...ours.map(({ peakMB }) => peakMB)), unit: "MB", limit: limitMB },
  ];
}

/** An image whose layers are noise, which no compression makes smaller. */
async function writeLayout(directory: string): Promise<number> {
  const blobs = join(directory, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  let total = 0;
  const add = (mediaType: string, content: Buffer) => {
    const hex = createHash("sha256").update(content).digest("hex");
    writeFileSync(join(blobs, hex), content);
    total += content.length;
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };
  const layers: object[] = [];
  const diffIds: string[] = [];
  for (let layer = 0; layer < LAYERS; layer++) {
    const tar = await collect(writeTar([fileEntry(`layer${layer}`, randomFillSync(Buffer.allocUnsafe(LAYER_MIB << 20)))]), 2 * (LAYER_MIB << 20));
    diffIds.push(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
    layers.push(add(MEDIA_TYPE.ociLayerGzip, gzipSync(tar, { level: 1 })));
  }
  const config = add(MEDIA_TYPE.ociConfig, Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: diffIds } })));
  const manifest = add(MEDIA_TYPE.ociManifest, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers })));
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations: { [REF_NAME]: "1" } }] }));
  writeFileSync(join(directory, "oci-layout"), LAYOUT_MARKER);
  return total;
}
