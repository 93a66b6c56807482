import { setTimeout as sleep } from "node:timers/promises";
import { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import { CreateTagsCommand, DeleteSnapshotCommand, DeleteTagsCommand, type Snapshot, paginateDescribeSnapshots } from "@aws-sdk/client-ec2";
import { hexOf } from "../../../../sdk/core/digest.ts";
import type { AwsClients } from "../access/clients.ts";
import { fromAws, isGone } from "../access/failure.ts";
import type { SnapshotService, SnapshotState } from "./snapshot-service.ts";

/**
 * Milliseconds after its start during which a snapshot may be unknown to some of AWS's servers.
 *
 * Source: awslabs/coldsnap, pull request 56 (AWS advises to retry for 2 minutes), and SNAPSHOT_BLOCK_ATTEMPTS in src/upload.rs.
 */
const UNKNOWN_MS = 132_000;

/** Milliseconds by which the wait between two attempts grows, and its limit. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

/**
 * EBS direct and EC2 through the AWS SDK.
 *
 * @param unknownMs how long a snapshot that was just started may be unknown
 */
export function awsSnapshotService({ ebs, ec2 }: AwsClients, unknownMs: number = UNKNOWN_MS): SnapshotService {
  /** When each snapshot was started, or first written to by this process. */
  const begun = new Map<string, number>();
  /** Repeats a request while the snapshot is not known yet. */
  const onceKnown = async (id: string, what: string, signal: AbortSignal, send: () => Promise<unknown>): Promise<void> => {
    const since = begun.get(id) ?? performance.now();
    begun.set(id, since);
    for (let attempt = 1; ; attempt++) {
      try {
        await send();
        return;
      } catch (error) {
        if (!isGone(error) || performance.now() - since >= unknownMs) throw fromAws(error, what, signal);
        await sleep(Math.min(PAUSE_MS * attempt, LONGEST_PAUSE_MS), undefined, { signal });
      }
    }
  };
  const describe = async (input: { SnapshotIds: string[] }, signal: AbortSignal): Promise<SnapshotState[]> => {
    const found: SnapshotState[] = [];
    try {
      for await (const { Snapshots = [] } of paginateDescribeSnapshots(
        { client: ec2 },
        { OwnerIds: ["self"], ...input },
        { abortSignal: signal },
      ))
        found.push(...Snapshots.map(stateOf));
    } catch (error) {
      if (isGone(error)) return [];
      throw fromAws(error, "DescribeSnapshots", signal);
    }
    return found;
  };
  return {
    async start({ sizeGiB, description, tags, token, parent, encrypted, kmsKeyArn, timeoutMinutes }, signal) {
      const command = new StartSnapshotCommand({
        VolumeSize: sizeGiB,
        Description: description,
        Tags: tagList(tags),
        ClientToken: token,
        Timeout: timeoutMinutes,
        ...(parent !== undefined && { ParentSnapshotId: parent }),
        ...(encrypted && { Encrypted: true }),
        ...(encrypted && kmsKeyArn !== undefined && { KmsKeyArn: kmsKeyArn }),
      });
      const got = await ebs.send(command, { abortSignal: signal }).catch((error: unknown) => {
        throw fromAws(error, "StartSnapshot", signal);
      });
      begun.set(got.SnapshotId as string, performance.now());
      return { id: got.SnapshotId as string, blockBytes: got.BlockSize as number, encrypted: got.KmsKeyArn !== undefined };
    },
    async put(id, index, bytes, digest, signal) {
      const Checksum = Buffer.from(hexOf(digest), "hex").toString("base64");
      await onceKnown(id, `PutSnapshotBlock ${id} ${index}`, signal, () => {
        const command = new PutSnapshotBlockCommand({
          SnapshotId: id,
          BlockIndex: index,
          BlockData: bytes,
          DataLength: bytes.length,
          Checksum,
          ChecksumAlgorithm: "SHA256",
        });
        command.middlewareStack.add(
          (next) => (args) => {
            // the signer would else hash the body once more
            (args.request as { readonly headers: Record<string, string> }).headers["x-amz-content-sha256"] = hexOf(digest);
            return next(args);
          },
          { step: "build" },
        );
        return ebs.send(command, { abortSignal: signal });
      });
    },
    async complete(id, blocks, checksum, signal) {
      const request = {
        SnapshotId: id,
        ChangedBlocksCount: blocks,
        Checksum: checksum,
        ChecksumAlgorithm: "SHA256",
        ChecksumAggregationMethod: "LINEAR",
      } as const;
      await onceKnown(id, `CompleteSnapshot ${id}`, signal, () => ebs.send(new CompleteSnapshotCommand(request), { abortSignal: signal }));
    },
    async describe(id, signal) {
      const [state] = await describe({ SnapshotIds: [id] }, signal);
      return state;
    },
    async tag(id, tags, untag, signal) {
      try {
        if (Object.keys(tags).length > 0)
          await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }), { abortSignal: signal });
        if (untag.length > 0)
          await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags: untag.map((Key) => ({ Key })) }), { abortSignal: signal });
      } catch (error) {
        throw fromAws(error, `CreateTags ${id}`, signal);
      }
    },
    async remove(id, signal) {
      await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }), signal && { abortSignal: signal }).catch((error: unknown) => {
        if (!isGone(error)) throw fromAws(error, `DeleteSnapshot ${id}`, signal);
      });
    },
  };
}

function stateOf({ SnapshotId, State, StateMessage, Encrypted, VolumeSize, Tags = [] }: Snapshot): SnapshotState {
  const status = State === "completed" || State === "pending" ? State : "error";
  const tags = Object.fromEntries(Tags.flatMap(({ Key, Value }) => (Key === undefined ? [] : [[Key, Value ?? ""]])));
  return { id: SnapshotId as string, status, reason: StateMessage, encrypted: Encrypted ?? false, sizeGiB: VolumeSize ?? 0, tags };
}

function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
