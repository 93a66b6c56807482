import { stat } from "node:fs/promises";
import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { digestOf, hexOf } from "../../../sdk/core/digest.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { LatestAccess } from "../../../sdk/plugin/latest-access.ts";
import { leafDiff } from "../../../sdk/plugin/leaf-diff.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import { ArtifactStore } from "../../../sdk/resource/plugin/artifact-store.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { oneAtATime } from "../../../sdk/upload/one-at-a-time.ts";
import { ACCESS_NAMES } from "./access/inputs.ts";
import { gcpLogin } from "./access/login.ts";
import { type StorageAccess, storageAccess, storageClient } from "./storage/bucket-client.ts";
import { describeObject, projectOfBucket, removeObject } from "./storage/object.ts";
import { DIGEST_KEY, uploadObject } from "./storage/upload-object.ts";
import { NOT_COMPARED, type UploadInputs, uploadInputs } from "./upload-inputs.ts";

export interface UploadOutputs extends UploadInputs {
  /** The object's name. */
  readonly object: string;
  readonly generation: string;
  /** What Compute Engine takes as the source of a raw disk. */
  readonly source: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * An object of Cloud Storage with an image of the format `gcp`, named by its digest. Each has a generation of its own,
 * and is removed by it: where the same bytes were uploaded once more under that name, the later one stays.
 */
export function gcpUpload(
  cacheDir: string = defaultCacheDir(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<UploadInputs, UploadOutputs> {
  const artifacts = new ArtifactStore(cacheDir);
  const latest = new LatestAccess<UploadInputs>(ACCESS_NAMES);
  return {
    token: "linuxkit:index:GcpUpload",
    check: ({ urn, inputs }) => latest.note(urn, checkInputs(uploadInputs, inputs)),
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) => (NOT_COMPARED.includes(path) ? "ignore" : "replace")),
    }),
    preview: ({ inputs, old }) => ({
      object: UNKNOWN,
      generation: UNKNOWN,
      source: UNKNOWN,
      size: UNKNOWN,
      ...(old?.outputs as unknown as Properties),
      ...inputs,
    }),
    async create({ urn, inputs, ...work }) {
      const { bucket, prefix, digest, project } = inputs;
      const object = `${prefix}${hexOf(digest)}.tar.gz`;
      const file = artifacts.local(inputs.file);
      const access = accessOf(inputs);
      if (project !== undefined) await checkProject(access, bucket, project, work.signal);
      return withArtifactFiles([file], cacheDir, loadBuilder, work, async () => {
        const { size } = await stat(file);
        const key = hexOf(digestOf(JSON.stringify([urn, bucket, object, access.origin]))).slice(0, 32);
        const { generation } = await oneAtATime({ cacheDir, key, signal: work.signal }, (journal) =>
          uploadObject(access, { file, size, digest, bucket, object, journal, signal: work.signal, onProgress: work.progress }),
        );
        return {
          id: `${bucket}/${object}#${generation}`,
          outputs: { ...inputs, object, generation, source: `https://storage.googleapis.com/${bucket}/${object}`, size },
        };
      });
    },
    async read({ id, inputs, outputs, signal }) {
      if (!inputs || !outputs)
        throw new LinuxKitError(
          "UNSUPPORTED",
          `object ${id}: import is not possible: upload the image instead, no byte is sent where it is there`,
          { what: "import of an upload" },
        );
      const there = await describeObject(storageClient(accessOf(inputs), signal), inputs.bucket, outputs.object);
      return there?.metadata?.[DIGEST_KEY] === inputs.digest ? { id, outputs } : undefined;
    },
    async delete({ urn, inputs, outputs, signal }) {
      await removeObject(storageClient(accessOf(latest.of(urn, inputs)), signal), {
        bucket: inputs.bucket,
        name: outputs.object,
        generation: outputs.generation,
      });
    },
  };
}

function accessOf(inputs: UploadInputs): StorageAccess {
  return storageAccess(gcpLogin(inputs));
}

/** @throws ACCESS_DENIED for a bucket of another project's, which has almost the same name as ours */
async function checkProject(access: StorageAccess, bucket: string, want: string, signal: AbortSignal): Promise<void> {
  const got = await projectOfBucket(storageClient(access, signal), bucket);
  if (got === want) return;
  throw new LinuxKitError(
    "ACCESS_DENIED",
    `bucket ${bucket}: belongs to project ${got}, and the stack works in project ${want}: name a bucket of that project's, or say bucketProject`,
    { url: bucket, status: 403 },
  );
}
