import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { decodeBlockList } from "../../../sdk/upload/block-list.ts";
import { uploadType } from "../../../sdk/upload/plugin/upload-type.ts";
import { ACCESS_NAMES, LOGIN_PACKAGES } from "./access/inputs.ts";
import { azureLogin } from "./access/login.ts";
import { type ResourceManager, resourceManager } from "./access/resource-manager.ts";
import { checkSubscription, locationOf } from "./access/subscription.ts";
import { nextVersion } from "./gallery-version.ts";
import { blobContainer } from "./pages/blob-container.ts";
import { blobService, storageLogin } from "./pages/blob-service.ts";
import { diskService } from "./pages/disk-service.ts";
import type { PageService } from "./pages/page-service.ts";
import { uploadPages } from "./pages/upload-pages.ts";
import { type UploadInputs, type UploadOutputs, uploadInputs, uploadOutputs } from "./upload-inputs.ts";

/** The tag whose value is the digest of the image that a disk holds. */
export const DIGEST_TAG = "linuxkit:digest";

/** The disks of one place, or the blobs of one container. */
interface Link extends Partial<Disposable> {
  readonly manager: ResourceManager;
  readonly service: PageService;
  readonly location: string;
}

/**
 * The bytes of an image of the format `vhd` as a managed disk, or as a page blob of a storage account. Azure cannot
 * change an image that exists: each is sent whole, without its zeroes.
 */
export function azureUpload(cacheDir?: string, loadBuilder?: () => Promise<Builder>) {
  return uploadType<UploadInputs, UploadOutputs, Link>(
    {
      token: "linuxkit:index:AzureUpload",
      packages: () => LOGIN_PACKAGES,
      what: "upload",
      inputs: uploadInputs,
      outputs: uploadOutputs,
      access: ACCESS_NAMES,
      place: ({ location }) => ({ location }),
      reaches: (latest, { subscriptionId }) => latest.subscriptionId === subscriptionId,
      connect,
      key: ({ digest, subscriptionId, resourceGroupName, storage = "" }) => [digest, subscriptionId, resourceGroupName, storage],
      async upload({ manager, service, location }, { inputs, name: resource, journaled, progress, ...job }) {
        const { blocks, definitionId, storage, version } = inputs;
        const { name } = await journaled((journal) =>
          uploadPages(service, {
            ...job,
            blocks: decodeBlockList(blocks),
            prefix: nameFrom(resource),
            tags: tagsOf(inputs),
            journal,
            onProgress: progress,
          }),
        );
        const versionName = definitionId === undefined ? "" : await nextVersion(manager, definitionId, version, job.signal);
        const id = service.idOf(name);
        return { id, outputs: { ...inputs, name, location, versionName, diskId: storage ? "" : id, blobUri: storage ? id : "" } };
      },
      exists: async ({ service }, _id, { name }, signal) => (await service.find(name, signal)) !== undefined,
      change: ({ service }, inputs, { name }, signal) => service.tag(name, tagsOf(inputs), signal),
      remove: ({ service }, { name }, signal) => service.remove(name, signal),
    },
    cacheDir,
    loadBuilder,
  );
}

/** @throws ACCESS_DENIED where the credentials do not reach the subscription */
async function connect(inputs: UploadInputs, signal: AbortSignal): Promise<Link> {
  const manager = resourceManager(await azureLogin(inputs, signal));
  await checkSubscription(manager, inputs, signal);
  const location = inputs.location ?? (await locationOf(manager, inputs, signal));
  const service = inputs.storage
    ? blobService(storageLogin(manager.login), { container: await blobContainer(manager, inputs.storage, signal) })
    : diskService(manager, { ...inputs, location });
  return { manager, service, location };
}

function tagsOf({ tags, digest }: UploadInputs): Readonly<Record<string, string>> {
  return { ...tags, [DIGEST_TAG]: digest };
}

/** The name of a disk begins with a letter or digit and holds those, `_` and `-`; nine characters follow it. */
function nameFrom(name: string): string {
  return (
    name
      .replace(/[^\w-]/g, "-")
      .replace(/^[^a-zA-Z\d]+/, "")
      .slice(0, 60) || "linuxkit"
  );
}
