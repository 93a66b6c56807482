import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { z } from "zod";
import type { Entry } from "../archive/entry.ts";
import { readTar } from "../archive/read-tar.ts";
import type { BlobStore } from "../cache/blob-store.ts";
import { type Measure, collect, measure } from "../core/bytes.ts";
import { digestOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { listOf } from "../schema/list-of.ts";
import type { ContentSource, StoredDocument } from "./content.ts";
import { compressionOf, decompress } from "./decompress.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseDocument } from "./document.ts";
import { CONFIG_LIMIT } from "./image-config.ts";
import { LAYER_LIMIT } from "./manifest.ts";
import { MEDIA_TYPE } from "./media-type.ts";
import { expandReference } from "./reference.ts";

const listSchema = listOf(
  z.object({ Config: z.string(), RepoTags: listOf(z.string()).nullish(), Layers: listOf(z.string(), LAYER_LIMIT) }),
);
type Listed = z.output<typeof listSchema>[number];

interface Member extends Measure {
  readonly mediaType: string;
}

/**
 * Opens an archive of `docker save` (or podman, skopeo, kaniko, crane) as a source of images. The archive is read three
 * times: for its list, for the digests of the members that the list names, and to copy those into `store`, which then
 * serves them. The archive holds no OCI manifest, so one is made: always the same for the same archive.
 *
 * @param tag the image's name, required where the archive holds several
 * @throws NOT_FOUND, CORRUPT, HOSTILE_ARCHIVE, DISK_FULL, CANCELLED
 */
export async function openDockerArchive(
  file: string,
  tag: string | undefined,
  store: BlobStore,
  signal?: AbortSignal,
): Promise<ContentSource> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats?.isFile()) throw new LinuxKitError("NOT_FOUND", `${file} is not a file`, { what: file });
  const members = () => readTar(decompress(createReadStream(file, { highWaterMark: 1 << 18 }), file), file);

  const links = new Map<string, string>();
  const image = await readList(members, links, tag, file);
  const target = (path: string) => links.get(path) ?? path;
  const layers = image.Layers.map(target);
  const found = await measureMembers(members, new Set([target(image.Config), ...layers]));
  const descriptorOf = (path: string, mediaType?: string): Descriptor => {
    const member = found.get(path);
    if (!member) throw new LinuxKitError("CORRUPT", `${file}: its manifest.json names ${path}, which it does not contain`, { path });
    return { mediaType: mediaType ?? member.mediaType, digest: member.digest, size: member.size };
  };
  const config = descriptorOf(target(image.Config), MEDIA_TYPE.dockerConfig);
  if (config.size > CONFIG_LIMIT)
    throw new LinuxKitError("TOO_LARGE", `${file}: a configuration of ${config.size} bytes, wanted at most ${CONFIG_LIMIT}`, {
      what: file,
      limit: CONFIG_LIMIT,
      got: config.size,
    });
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: { ...config, mediaType: MEDIA_TYPE.ociConfig },
    layers: layers.map((path) => descriptorOf(path)),
  };
  for await (const member of members()) {
    const known = found.get(member.path);
    if (known && member.type === "file" && !(await store.find(known.digest)))
      await store.put(member.body, known, { signal, what: `${file}: ${member.path}` });
  }

  const bytes = Buffer.from(JSON.stringify(manifest));
  const document: StoredDocument = {
    descriptor: { mediaType: MEDIA_TYPE.ociManifest, digest: digestOf(bytes), size: bytes.length },
    bytes,
  };
  return {
    name: `docker-archive:${file}`,
    named: (tagOrDigest) => `docker-archive:${file}:${tagOrDigest}`,
    document: async () => document,
    open: ({ digest }, memory) => store.open(digest, memory),
  };
}

async function readList(
  members: () => AsyncIterable<Entry>,
  links: Map<string, string>,
  tag: string | undefined,
  file: string,
): Promise<Listed> {
  let list: Listed[] | undefined;
  for await (const { path, type, link = "", body } of members()) {
    if (path === "manifest.json" && type === "file")
      list = parseDocument(listSchema, await collect(body, 1 << 20, path), `manifest.json of ${file}`, 1 << 20);
    // older versions of docker save write a layer that two images share as a link to the first
    else if (type === "symlink") links.set(path, new URL(link, `file:///${path}`).pathname.slice(1));
    else if (type === "hardlink") links.set(path, link);
  }
  if (!list) throw new LinuxKitError("CORRUPT", `${file} is not a docker-archive: it has no manifest.json`, { path: file });
  const tags = list.flatMap(({ RepoTags }) => RepoTags ?? []);
  const found =
    tag === undefined ? list : list.filter(({ RepoTags }) => RepoTags?.some((name) => expandReference(name) === expandReference(tag)));
  const [first] = found;
  if (first && (tag !== undefined || found.length === 1)) return first;
  const why = tag === undefined ? `holds ${list.length} images: name one, as docker-archive:${file}:NAME` : `has no ${tag}`;
  throw new LinuxKitError("NOT_FOUND", `${file} ${why}; it has ${tags.join(", ") || "no names"}`, { what: `docker-archive:${file}` });
}

async function measureMembers(members: () => AsyncIterable<Entry>, wanted: ReadonlySet<string>): Promise<Map<string, Member>> {
  const found = new Map<string, Member>();
  for await (const { path, type, body } of members()) {
    if (!wanted.has(path) || type !== "file") continue;
    const measured: Measure = { size: 0, digest: digestOf("") };
    let start: Uint8Array = new Uint8Array(0);
    for await (const chunk of measure(body, measured)) if (start.length < 4) start = Buffer.concat([start, chunk.subarray(0, 4)]);
    const mediaType = { none: MEDIA_TYPE.ociLayer, gzip: MEDIA_TYPE.ociLayerGzip, zstd: MEDIA_TYPE.ociLayerZstd }[compressionOf(start)];
    found.set(path, { ...measured, mediaType });
  }
  return found;
}
