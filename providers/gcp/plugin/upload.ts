import { hexOf } from "../../../sdk/core/digest.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { uploadType } from "../../../sdk/upload/plugin/upload-type.ts";
import { ACCESS_NAMES } from "./access/inputs.ts";
import { gcpLogin, loginPackages } from "./access/login.ts";
import { type StorageAccess, storageAccess, storageClient } from "./storage/bucket-client.ts";
import { describeObject, projectOfBucket, removeObject } from "./storage/object.ts";
import { uploadObject } from "./storage/upload-object.ts";
import { type UploadInputs, type UploadOutputs, uploadInputs, uploadOutputs } from "./upload-inputs.ts";

/** Credentials for Cloud Storage; each request brings its own signal. */
interface Link extends Partial<Disposable> {
  readonly access: StorageAccess;
}

/**
 * An object of Cloud Storage with an image of the format `gcp`, named by its digest. Each upload has its own generation
 * and deletes by it: where the same bytes were uploaded again under that name, the later object stays.
 */
export function gcpUpload(cacheDir?: string, loadBuilder?: () => Promise<Builder>) {
  return uploadType<UploadInputs, UploadOutputs, Link>(
    {
      token: "linuxkit:index:GcpUpload",
      packages: loginPackages,
      what: "object",
      inputs: uploadInputs,
      outputs: uploadOutputs,
      access: ACCESS_NAMES,
      connect: async (inputs) => ({ access: storageAccess(gcpLogin(inputs)) }),
      key: (inputs, { access }) => [inputs.bucket, objectOf(inputs), access.origin],
      async upload({ access }, { inputs, journaled, progress, ...job }) {
        const { bucket, digest, project } = inputs;
        if (project !== undefined) await checkProject(access, bucket, project, job.signal);
        const object = objectOf(inputs);
        const { generation } = await journaled((journal) =>
          uploadObject(access, { ...job, digest, bucket, object, journal, onProgress: progress }),
        );
        return {
          id: `${bucket}/${object}#${generation}`,
          outputs: { ...inputs, object, generation, source: `https://storage.googleapis.com/${bucket}/${object}`, size: job.size },
        };
      },
      async exists({ access }, _id, { bucket, object, generation }, signal) {
        const found = await describeObject(storageClient(access, signal), bucket, object);
        return found?.generation === generation;
      },
      remove: ({ access }, { bucket, object, generation }, signal) =>
        removeObject(storageClient(access, signal), { bucket, name: object, generation }),
    },
    cacheDir,
    loadBuilder,
  );
}

function objectOf({ prefix, digest }: UploadInputs): string {
  return `${prefix}${hexOf(digest)}.tar.gz`;
}

/** @throws ACCESS_DENIED for a bucket of another project: the names of all buckets are public */
async function checkProject(access: StorageAccess, bucket: string, want: string, signal: AbortSignal): Promise<void> {
  const got = await projectOfBucket(storageClient(access, signal), bucket);
  if (got === want) return;
  throw new LinuxKitError(
    "ACCESS_DENIED",
    `bucket ${bucket} belongs to project ${got}, but the stack works in project ${want}: name a bucket of that project, or set bucketProject`,
    { url: bucket, status: 403 },
  );
}
