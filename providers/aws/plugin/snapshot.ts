import { stat } from "node:fs/promises";
import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { digestOf, hexOf } from "../../../sdk/core/digest.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { leafDiff } from "../../../sdk/plugin/leaf-diff.ts";
import { LatestAccess } from "../../../sdk/plugin/latest-access.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import { ArtifactStore } from "../../../sdk/resource/plugin/artifact-store.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { decodeBlockList } from "../../../sdk/upload/block-list.ts";
import { oneAtATime } from "../../../sdk/upload/one-at-a-time.ts";
import { type AwsClients, awsClients, whoAmI } from "./access/clients.ts";
import { fromAws } from "./access/failure.ts";
import { ACCESS_NAMES } from "./access/inputs.ts";
import { awsSnapshotService } from "./ebs/aws-snapshot-service.ts";
import type { SnapshotService } from "./ebs/snapshot-service.ts";
import { type SnapshotUpload, tokenIn, uploadSnapshot } from "./ebs/upload-snapshot.ts";
import { checkSnapshot, NOT_COMPARED, type SnapshotInputs } from "./snapshot-inputs.ts";

export interface SnapshotOutputs extends SnapshotInputs {
  readonly snapshotId: string;
  readonly region: string;
  readonly account: string;
  readonly sizeGiB: number;
  /** Whether the snapshot is, asked for or by the account's default. */
  readonly isEncrypted: boolean;
}

/** The tag that says which image a snapshot holds. */
export const DIGEST_TAG = "linuxkit:digest";

/**
 * An EBS snapshot with the bytes of an image of the format `aws`, sent by the EBS direct APIs: no bucket, no import
 * role, no helper machine. Where the resource was another image before, only the blocks that changed are sent.
 */
export function awsSnapshot(
  cacheDir: string = defaultCacheDir(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<SnapshotInputs, SnapshotOutputs> {
  // create sees no old state, and the check before a replacement sees no old inputs: those of the check before are kept
  const before = new Map<string, SnapshotInputs>();
  const artifacts = new ArtifactStore(cacheDir);
  const latest = new LatestAccess<SnapshotInputs>(ACCESS_NAMES);
  return {
    token: "linuxkit:index:AwsSnapshot",
    check({ urn, inputs, oldInputs }) {
      if (oldInputs) before.set(urn, oldInputs as unknown as SnapshotInputs);
      return latest.note(urn, checkSnapshot(inputs));
    },
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) => {
        if (NOT_COMPARED.includes(/^[^.[]+/.exec(path)?.[0] ?? "")) return "ignore";
        return path.startsWith("tags") || path === "description" ? "update" : "replace";
      }),
    }),
    preview: ({ inputs, old }) => ({
      snapshotId: UNKNOWN,
      sizeGiB: UNKNOWN,
      isEncrypted: UNKNOWN,
      ...(old?.outputs as unknown as Properties),
      ...inputs,
      region: inputs.region ?? UNKNOWN,
      account: inputs.account ?? UNKNOWN,
    }),
    async create({ urn, inputs, ...work }) {
      const file = artifacts.local(inputs.file);
      return withArtifactFiles([file], cacheDir, loadBuilder, work, () =>
        connected(inputs, work, async (service, who) => {
          const { size } = await stat(file);
          const sizeGiB = Math.ceil(size / 2 ** 30);
          const old = before.get(urn);
          const parent = old && old.digest !== inputs.digest ? await parentOf(service, old, inputs, sizeGiB, work.signal) : undefined;
          const key = hexOf(
            digestOf(JSON.stringify([urn, inputs.digest, inputs.encrypted, inputs.kmsKeyArn ?? "", who.account, who.region])),
          ).slice(0, 32);
          const { id, encrypted } = await oneAtATime({ cacheDir, key, signal: work.signal }, (journal, awaited) =>
            uploadSnapshot(service, {
              file,
              size,
              blocks: decodeBlockList(inputs.blocks),
              key,
              parent,
              encrypted: inputs.encrypted,
              kmsKeyArn: inputs.kmsKeyArn,
              description: inputs.description,
              tags: { Name: work.name, ...inputs.tags, [DIGEST_TAG]: inputs.digest },
              journal,
              awaited: tokenIn(awaited),
              signal: work.signal,
              onProgress: work.progress,
            }),
          );
          return { id, outputs: { ...inputs, ...who, snapshotId: id, sizeGiB, isEncrypted: encrypted } };
        }),
      );
    },
    async read({ id, inputs, outputs, ...work }) {
      if (!inputs || !outputs)
        throw new LinuxKitError(
          "UNSUPPORTED",
          `snapshot ${id}: import is not possible, for what a snapshot was made of is not to be seen in it`,
          { what: "import of a snapshot" },
        );
      const state = await connected(inputs, work, (service) => service.describe(id, work.signal));
      return state && state.status !== "error" ? { id, outputs } : undefined;
    },
    async update({ id, inputs, oldInputs, oldOutputs, ...work }) {
      const gone = Object.keys(oldInputs.tags).filter((name) => !(name in inputs.tags));
      await connected(inputs, work, (service) => service.tag(id, inputs.tags, gone, work.signal));
      return { outputs: { ...oldOutputs, ...inputs, region: oldOutputs.region, account: oldOutputs.account } };
    },
    async delete({ urn, id, inputs, outputs: { region, account }, ...work }) {
      const who = latest.of(urn, inputs, (now) => (now.account ?? account) === account);
      await connected({ ...who, region, account }, work, (service) => service.remove(id, work.signal));
    },
  };
}

/** Runs `use` with clients that are let go afterwards, once account and region are seen to be those that are wanted. */
async function connected<T>(
  inputs: SnapshotInputs,
  { signal }: Pick<Work, "signal">,
  use: (service: SnapshotService, who: { account: string; region: string }) => Promise<T>,
): Promise<T> {
  const clients: AwsClients = awsClients(inputs);
  try {
    const who = await whoAmI(clients, signal).catch((error: unknown) => {
      throw fromAws(error, `GetCallerIdentity${inputs.profile === undefined ? "" : ` as the profile ${inputs.profile}`}`, signal);
    });
    if (inputs.account !== undefined && who.account !== inputs.account) {
      throw new LinuxKitError(
        "ACCESS_DENIED",
        `account: the uploads would go to account ${who.account}, and the stack's AWS provider works in ${inputs.account}: give the same profile or role to both (profile, assumeRole)`,
        { url: "sts", status: 403 },
      );
    }
    return await use(awsSnapshotService(clients), who);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The snapshot of what the resource was before, where the new one can be its child. */
async function parentOf(
  service: SnapshotService,
  old: SnapshotInputs,
  now: SnapshotInputs,
  atMostGiB: number,
  signal: AbortSignal,
): Promise<SnapshotUpload["parent"]> {
  if (old.kmsKeyArn !== now.kmsKeyArn) return undefined;
  const found = await service.find({ [DIGEST_TAG]: old.digest }, signal);
  const parent = found.find(
    ({ status, encrypted, sizeGiB }) => status === "completed" && sizeGiB <= atMostGiB && (encrypted || !now.encrypted),
  );
  return parent && { id: parent.id, encrypted: parent.encrypted, blocks: decodeBlockList(old.blocks) };
}
