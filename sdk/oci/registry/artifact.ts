import { digestOf } from "../../core/digest.ts";
import type { Descriptor } from "../descriptor.ts";
import { MEDIA_TYPE } from "../media-type.ts";
import type { Repository } from "./client.ts";
import { pushBlob } from "./push-blob.ts";
import { pushManifest } from "./push.ts";

/** Content that is not an image: a signature, an attestation, an SBOM (image-spec, "Guidelines for Artifact Usage"). */
export interface Artifact {
  readonly artifactType: string;
  /** The manifest that it describes, and whose referrer it becomes. */
  readonly subject?: Descriptor | undefined;
  readonly blobs: readonly {
    readonly mediaType: string;
    readonly content: Uint8Array;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const EMPTY = Buffer.from("{}");

/** Pushes an artifact under `tag`, or by digest alone. @throws as `pushBlob` and `pushManifest` */
export async function pushArtifact(repository: Repository, artifact: Artifact, tag?: string): Promise<Descriptor> {
  const { artifactType, subject, annotations } = artifact;
  const config = describe(MEDIA_TYPE.ociEmpty, EMPTY);
  const layers = artifact.blobs.map(({ mediaType, content, annotations: own }) => ({
    ...describe(mediaType, content),
    ...(own && { annotations: own }),
  }));
  await pushBlob(repository, config, [EMPTY]);
  for (const [position, layer] of layers.entries())
    await pushBlob(repository, layer, [(artifact.blobs[position] as Artifact["blobs"][number]).content]);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    artifactType,
    config,
    // an artifact without blobs must still have one layer, the empty one
    layers: layers.length > 0 ? layers : [config],
    ...(subject && { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
    ...(annotations && { annotations }),
  };
  return pushManifest(repository, Buffer.from(JSON.stringify(manifest)), MEDIA_TYPE.ociManifest, tag);
}

function describe(mediaType: string, content: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(content), size: content.length };
}
