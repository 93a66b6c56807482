import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { decodeBlockList } from "../../../sdk/upload/block-list.ts";
import { type Previous, uploadType } from "../../../sdk/upload/plugin/upload-type.ts";
import { fromAws } from "./access/failure.ts";
import { ACCESS_NAMES, CLIENT_PACKAGES } from "./access/inputs.ts";
import type { SnapshotService } from "./ebs/snapshot-service.ts";
import { type SnapshotUpload, uploadSnapshot } from "./ebs/upload-snapshot.ts";
import { keyNeedsEncryption, type SnapshotInputs, type SnapshotOutputs, snapshotInputs, snapshotOutputs } from "./snapshot-inputs.ts";

/** The tag whose value is the digest of the image that a snapshot holds. */
export const DIGEST_TAG = "linuxkit:digest";

/** Snapshots of one account and region. */
interface Link extends Disposable {
  readonly service: SnapshotService;
  readonly who: { readonly account: string; readonly region: string };
}

/**
 * An EBS snapshot with the bytes of an image of the format `aws`, sent by the EBS direct APIs: no bucket, no import
 * role, no helper machine. Where it replaces the snapshot of another image, only the blocks that changed are sent.
 */
export function awsSnapshot(cacheDir?: string, loadBuilder?: () => Promise<Builder>) {
  return uploadType<SnapshotInputs, SnapshotOutputs, Link>(
    {
      token: "linuxkit:index:AwsSnapshot",
      packages: () => CLIENT_PACKAGES,
      what: "snapshot",
      inputs: snapshotInputs,
      outputs: snapshotOutputs,
      rules: [keyNeedsEncryption],
      access: ACCESS_NAMES,
      place: ({ region, account }) => ({ region, account }),
      reaches: (latest, { account }) => (latest.account ?? account) === account,
      connect,
      key: ({ digest, encrypted, kmsKeyArn = "" }, { who }) => [digest, encrypted, kmsKeyArn, who.account, who.region],
      async upload({ service, who }, { inputs, previous, name, journaled, progress, ...job }) {
        const sizeGiB = Math.ceil(job.size / 2 ** 30);
        const parent = previous && (await parentOf(service, previous, { ...inputs, ...who }, sizeGiB, job.signal));
        const { id, encrypted } = await journaled((journal) =>
          uploadSnapshot(service, {
            ...job,
            blocks: decodeBlockList(inputs.blocks),
            parent,
            encrypted: inputs.encrypted,
            kmsKeyArn: inputs.kmsKeyArn,
            description: inputs.description,
            tags: { Name: name, ...inputs.tags, [DIGEST_TAG]: inputs.digest },
            journal,
            onProgress: progress,
          }),
        );
        return { id, outputs: { ...inputs, ...who, snapshotId: id, sizeGiB, isEncrypted: encrypted } };
      },
      async exists({ service }, id, _outputs, signal) {
        const state = await service.describe(id, signal);
        return state !== undefined && state.status !== "error";
      },
      async change({ service }, { tags }, old, signal) {
        const dropped = Object.keys(old.tags).filter((name) => !(name in tags));
        await service.tag(old.snapshotId, tags, dropped, signal);
      },
      remove: ({ service }, { snapshotId }, signal) => service.remove(snapshotId, signal),
    },
    cacheDir,
    loadBuilder,
  );
}

/** Connects, and checks that the credentials are those of the wanted account. @throws ACCESS_DENIED */
async function connect(inputs: SnapshotInputs, signal: AbortSignal): Promise<Link> {
  // loaded on use: the provider's schema needs no client of AWS
  const [{ awsClients, whoAmI }, { awsSnapshotService }] = await Promise.all([
    import("./access/clients.ts"),
    import("./ebs/aws-snapshot-service.ts"),
  ]);
  const clients = awsClients(inputs);
  const close = (): void => {
    for (const client of Object.values(clients)) client.destroy();
  };
  try {
    const who = await whoAmI(clients, signal).catch((error: unknown) => {
      throw fromAws(error, `GetCallerIdentity${inputs.profile === undefined ? "" : ` as the profile ${inputs.profile}`}`, signal);
    });
    if (inputs.account !== undefined && who.account !== inputs.account) {
      throw new LinuxKitError(
        "ACCESS_DENIED",
        `account: the credentials are for account ${who.account}, but the stack's AWS provider uses account ${inputs.account}: set the same profile or role for both (profile, assumeRole)`,
        { url: "sts", status: 403 },
      );
    }
    return { service: awsSnapshotService(clients), who, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * The snapshot that this one replaces, where the new one can be its child. It is known by its id in the state, and its blocks are
 * those that were sent to it: a tag names no snapshot, because others may set it.
 */
async function parentOf(
  service: SnapshotService,
  { id, inputs: old, outputs }: Previous<SnapshotInputs, SnapshotOutputs>,
  now: SnapshotInputs & { readonly account: string; readonly region: string },
  atMostGiB: number,
  signal: AbortSignal,
): Promise<SnapshotUpload["parent"]> {
  if (outputs.account !== now.account || outputs.region !== now.region) return undefined;
  if (old.digest === now.digest || old.kmsKeyArn !== now.kmsKeyArn) return undefined;
  const found = await service.describe(id, signal);
  if (found?.status !== "completed" || found.sizeGiB > atMostGiB) return undefined;
  // a snapshot never changes whether it is encrypted: another answer is about another snapshot
  if (found.encrypted !== outputs.isEncrypted || (now.encrypted && !found.encrypted)) return undefined;
  return { id, encrypted: found.encrypted, blocks: decodeBlockList(old.blocks) };
}
