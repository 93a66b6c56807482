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
import { decodeBlockList } from "../../../sdk/upload/block-list.ts";
import { oneAtATime } from "../../../sdk/upload/one-at-a-time.ts";
import { ACCESS_NAMES } from "./access/inputs.ts";
import { azureLogin } from "./access/login.ts";
import { type ResourceManager, resourceManager } from "./access/resource-manager.ts";
import { checkSubscription, locationOf } from "./access/subscription.ts";
import { nextVersion } from "./gallery-version.ts";
import { blobContainer } from "./pages/blob-container.ts";
import { blobService, storageLogin } from "./pages/blob-service.ts";
import { diskService } from "./pages/disk-service.ts";
import type { PageService } from "./pages/page-service.ts";
import { nameIn, uploadPages } from "./pages/upload-pages.ts";
import { NOT_COMPARED, type UploadInputs, uploadInputs } from "./upload-inputs.ts";

export interface UploadOutputs extends UploadInputs {
  /** Of the disk or blob. */
  readonly name: string;
  /** Of the managed disk; empty for a blob. */
  readonly diskId: string;
  /** Of the blob; empty for a managed disk. */
  readonly blobUri: string;
  readonly location: string;
  /** What a version of `definitionId` with this image is called; empty without one. */
  readonly versionName: string;
}

/** The tag that says which image a disk holds. */
export const DIGEST_TAG = "linuxkit:digest";

/**
 * The bytes of an image of the format `vhd` as a managed disk, or as a page blob of a storage account. Azure takes no
 * changes of an image that is there: each is sent whole, without its zeroes.
 */
export function azureUpload(
  cacheDir: string = defaultCacheDir(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<UploadInputs, UploadOutputs> {
  const artifacts = new ArtifactStore(cacheDir);
  const latest = new LatestAccess<UploadInputs>(ACCESS_NAMES);
  return {
    token: "linuxkit:index:AzureUpload",
    check: ({ urn, inputs }) => latest.note(urn, checkInputs(uploadInputs, inputs)),
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) => {
        if (NOT_COMPARED.some((name) => path === name || path.startsWith(`${name}.`))) return "ignore";
        return path.startsWith("tags") ? "update" : "replace";
      }),
    }),
    preview: ({ inputs, old }) => ({
      name: UNKNOWN,
      diskId: UNKNOWN,
      blobUri: UNKNOWN,
      versionName: UNKNOWN,
      ...(old?.outputs as unknown as Properties),
      ...inputs,
      location: inputs.location ?? old?.outputs.location ?? UNKNOWN,
    }),
    async create({ urn, inputs, ...work }) {
      const file = artifacts.local(inputs.file);
      return withArtifactFiles([file], cacheDir, loadBuilder, work, async () => {
        const { signal } = work;
        const manager = await connect(inputs, signal);
        const location = inputs.location ?? (await locationOf(manager, inputs, signal));
        const service = await serviceOf(manager, inputs, location, signal);
        const key = hexOf(
          digestOf(JSON.stringify([urn, inputs.digest, inputs.subscriptionId, inputs.resourceGroupName, inputs.storage ?? ""])),
        ).slice(0, 32);
        const { name } = await oneAtATime({ cacheDir, key, signal }, async (journal, awaited) =>
          uploadPages(service, {
            file,
            size: (await stat(file)).size,
            blocks: decodeBlockList(inputs.blocks),
            prefix: nameFrom(work.name),
            key,
            tags: tagsOf(inputs),
            journal,
            awaited: nameIn(awaited),
            signal,
            onProgress: work.progress,
          }),
        );
        const versionName =
          inputs.definitionId === undefined ? "" : await nextVersion(manager, inputs.definitionId, inputs.version, signal);
        return {
          id: service.idOf(name),
          outputs: {
            ...inputs,
            name,
            location,
            versionName,
            diskId: inputs.storage ? "" : service.idOf(name),
            blobUri: inputs.storage ? service.idOf(name) : "",
          },
        };
      });
    },
    async read({ id, inputs, outputs, signal }) {
      if (!inputs || !outputs)
        throw new LinuxKitError("UNSUPPORTED", `${id}: import is not possible, for what it was made of is not to be seen in it`, {
          what: "import of an upload",
        });
      const service = await serviceOf(await connect(inputs, signal), inputs, outputs.location, signal);
      return (await service.find(outputs.name, signal)) && { id, outputs };
    },
    async update({ inputs, oldOutputs, signal }) {
      const service = await serviceOf(await connect(inputs, signal), inputs, oldOutputs.location, signal);
      await service.tag(oldOutputs.name, tagsOf(inputs), signal);
      return { outputs: { ...oldOutputs, ...inputs, location: oldOutputs.location } };
    },
    async delete({ urn, inputs, outputs, signal }) {
      const who = latest.of(urn, inputs, ({ subscriptionId }) => subscriptionId === inputs.subscriptionId);
      const service = await serviceOf(await connect(who, signal), inputs, outputs.location, signal);
      await service.remove(outputs.name, signal);
    },
  };
}

async function connect(inputs: UploadInputs, signal: AbortSignal): Promise<ResourceManager> {
  const manager = resourceManager(await azureLogin(inputs, signal));
  await checkSubscription(manager, inputs, signal);
  return manager;
}

async function serviceOf(manager: ResourceManager, inputs: UploadInputs, location: string, signal: AbortSignal): Promise<PageService> {
  if (!inputs.storage) return diskService(manager, { ...inputs, location });
  return blobService(storageLogin(manager.login), { container: await blobContainer(manager, inputs.storage, signal) });
}

function tagsOf({ tags, digest }: UploadInputs): Readonly<Record<string, string>> {
  return { ...tags, [DIGEST_TAG]: digest };
}

/** The name of a disk begins with a letter or digit and holds those, `_` and `-`; nine characters are added to it. */
function nameFrom(name: string): string {
  return (
    name
      .replace(/[^\w-]/g, "-")
      .replace(/^[^a-zA-Z\d]+/, "")
      .slice(0, 60) || "linuxkit"
  );
}
