/**
 * Plays EBS direct: snapshots, their blocks, parents, client tokens, checksums and quotas.
 *
 * Source: EBS direct APIs Reference: StartSnapshot, PutSnapshotBlock, CompleteSnapshot.
 * Source: Amazon EBS User Guide, "Encryption outcomes for EBS direct APIs".
 * Source: awslabs/coldsnap, issue 43 and pull request 56: a new snapshot "does not exist" for up to two minutes.
 * Source: Amazon EC2 API Reference: DeleteSnapshot (InvalidSnapshot.InUse, InvalidSnapshot.NotFound).
 * Judged by: test/aws/moto.judge.test.ts.
 * Tested both ways in `aws/upload-snapshot`: a snapshot completes at once, or after a while; one that is being completed may be
 * completed again, or not.
 * Assumed: the words of messages; the codes of errors that the reference lists
 * without a cause.
 */
import { createHash } from "node:crypto";

/** An error answer of AWS, with its code and HTTP status. */
export class AwsRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const BLOCK = 512 << 10;
const GIB = 2 ** 30;
const PENDING_LIMIT = 100;

/** A snapshot of the stand-in. */
export interface StoredSnapshot {
  readonly id: string;
  readonly sizeGiB: number;
  readonly parent: string | undefined;
  readonly encrypted: boolean;
  readonly description: string;
  readonly tags: Map<string, string>;
  /** The snapshot's own blocks by index, without those of its parent. */
  readonly blocks: Map<number, Buffer>;
  status: "pending" | "completed" | "error";
  /** When it was started, by the process's clock. */
  readonly startedAt: number;
  /** Looks that are left until it is completed; undefined: nobody has asked for it. */
  looksLeft?: number;
}

interface StartBody {
  readonly VolumeSize?: number;
  readonly ParentSnapshotId?: string;
  readonly Encrypted?: boolean;
  readonly KmsKeyArn?: string;
  readonly ClientToken?: string;
  readonly Timeout?: number;
  readonly Description?: string;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
}

/** The snapshots of one account. Each request is checked against the API reference. */
export class EbsSnapshots {
  readonly snapshots = new Map<string, StoredSnapshot>();
  /** Snapshots that an image uses: they cannot be deleted. */
  readonly inUse = new Set<string>();
  /** Whether the account encrypts new snapshots by default. */
  encryptsByDefault = false;
  /** Milliseconds for which a new snapshot is unknown to every operation but its start. */
  unknownMs = 0;
  /** How often DescribeSnapshots answers `pending` after a snapshot was completed. */
  looksToComplete = 0;
  readonly #tokens = new Map<string, { readonly request: string; readonly id: string }>();
  #count = 0;

  start(body: StartBody): { readonly snapshot: StoredSnapshot; readonly status: number } {
    const { VolumeSize, ParentSnapshotId, Encrypted, KmsKeyArn, ClientToken, Timeout, Description = "", Tags = [], ...others } = body;
    const invalid = (message: string) => new AwsRefusal(400, "ValidationException", message);
    if (Object.keys(others).length > 0) throw invalid(`unknown members ${Object.keys(others).join(", ")}`);
    if (!Number.isInteger(VolumeSize) || (VolumeSize as number) < 1 || (VolumeSize as number) > 65_536)
      throw invalid("VolumeSize must be 1 to 65536 GiB");
    if (Timeout !== undefined && (Timeout < 10 || Timeout > 4320)) throw invalid("Timeout must be 10 to 4320 minutes");
    if (Description.length > 255) throw invalid("Description is at most 255 characters");
    if (
      Tags.length > 50 ||
      Tags.some(({ Key, Value }) => Key.length < 1 || Key.length > 127 || Value.length > 255 || Key.startsWith("aws:"))
    )
      throw invalid("Tags are not valid");
    if (ParentSnapshotId !== undefined && Encrypted !== undefined) throw invalid("ParentSnapshotId and Encrypted cannot both be given");
    if (KmsKeyArn !== undefined && !Encrypted) throw invalid("KmsKeyArn needs Encrypted");
    const request = JSON.stringify(body);
    const known = ClientToken === undefined ? undefined : this.#tokens.get(ClientToken);
    if (known) {
      if (known.request !== request) throw new AwsRefusal(503, "ConflictException", "the client token was used by another request");
      return { snapshot: this.snapshots.get(known.id) ?? this.#get(known.id), status: 201 };
    }
    let isEncrypted = Encrypted === true || this.encryptsByDefault;
    if (ParentSnapshotId !== undefined) {
      const parent = this.#get(ParentSnapshotId);
      if (parent.status !== "completed") throw invalid("the parent snapshot is not completed");
      if ((VolumeSize as number) < parent.sizeGiB) throw invalid("VolumeSize is less than that of the parent");
      if (!parent.encrypted && this.encryptsByDefault)
        throw invalid("an unencrypted parent snapshot cannot be used while encryption by default is enabled");
      isEncrypted = parent.encrypted;
    }
    if ([...this.snapshots.values()].filter(({ status }) => status === "pending").length >= PENDING_LIMIT)
      throw new AwsRefusal(402, "ServiceQuotaExceededException", "too many pending snapshots");
    const id = `snap-${(++this.#count).toString(16).padStart(17, "0")}`;
    const snapshot: StoredSnapshot = {
      id,
      sizeGiB: VolumeSize as number,
      parent: ParentSnapshotId,
      encrypted: isEncrypted,
      description: Description,
      tags: new Map(Tags.map(({ Key, Value }) => [Key, Value])),
      blocks: new Map(),
      status: "pending",
      startedAt: performance.now(),
    };
    this.snapshots.set(id, snapshot);
    if (ClientToken !== undefined) this.#tokens.set(ClientToken, { request, id });
    return { snapshot, status: 201 };
  }

  put(id: string, index: number, bytes: Buffer, headers: Readonly<Record<string, unknown>>): void {
    const snapshot = this.#pending(id);
    if (!Number.isInteger(index) || index < 0 || index >= (snapshot.sizeGiB * GIB) / BLOCK)
      throw new AwsRefusal(400, "ValidationException", `block index ${index} is outside of the volume`);
    if (bytes.length !== BLOCK || headers["x-amz-data-length"] !== String(BLOCK))
      throw new AwsRefusal(400, "ValidationException", `a block has ${BLOCK} bytes`);
    if (headers["x-amz-checksum-algorithm"] !== "SHA256")
      throw new AwsRefusal(400, "ValidationException", "x-amz-Checksum-Algorithm must be SHA256");
    if (headers["x-amz-checksum"] !== createHash("sha256").update(bytes).digest("base64"))
      throw new AwsRefusal(400, "ValidationException", "the checksum does not match the block");
    snapshot.blocks.set(index, bytes);
  }

  complete(id: string, headers: Readonly<Record<string, unknown>>): void {
    const snapshot = this.#pending(id);
    if (headers["x-amz-changedblockscount"] !== String(snapshot.blocks.size))
      throw new AwsRefusal(
        400,
        "ValidationException",
        `ChangedBlocksCount is ${headers["x-amz-changedblockscount"]}, and ${snapshot.blocks.size} blocks were written`,
      );
    const hash = createHash("sha256");
    for (const [, bytes] of [...snapshot.blocks].sort(([one], [other]) => one - other))
      hash.update(createHash("sha256").update(bytes).digest());
    if (headers["x-amz-checksum"] !== undefined) {
      if (headers["x-amz-checksum-aggregation-method"] !== "LINEAR" || headers["x-amz-checksum-algorithm"] !== "SHA256")
        throw new AwsRefusal(400, "ValidationException", "the checksum's method is not LINEAR of SHA256");
      if (headers["x-amz-checksum"] !== hash.digest("base64"))
        throw new AwsRefusal(400, "ValidationException", "the checksum does not match the blocks");
    }
    snapshot.looksLeft = this.looksToComplete;
    this.looked(snapshot);
  }

  /** Counts a look at a snapshot that is being completed. */
  looked(snapshot: StoredSnapshot): void {
    if (snapshot.looksLeft === undefined || snapshot.status !== "pending") return;
    if (snapshot.looksLeft-- === 0) snapshot.status = "completed";
  }

  /** Whether operations know it already. */
  isKnown({ startedAt }: StoredSnapshot): boolean {
    return performance.now() - startedAt >= this.unknownMs;
  }

  remove(id: string): void {
    this.#get(id, "InvalidSnapshot.NotFound");
    if (this.inUse.has(id)) throw new AwsRefusal(400, "InvalidSnapshot.InUse", `The snapshot ${id} is currently in use by an image`);
    this.snapshots.delete(id);
  }

  /** The blocks of a volume made from the snapshot: its own over those of its parents. As in AWS, a deleted parent's blocks remain. */
  blocksOf(id: string): Map<number, Buffer> {
    const snapshot = this.#get(id);
    return new Map([
      ...(snapshot.parent === undefined ? [] : (this.#lineage.get(snapshot.parent) ?? this.blocksOf(snapshot.parent))),
      ...snapshot.blocks,
    ]);
  }

  readonly #lineage = new Map<string, Map<number, Buffer>>();

  /** Keeps the blocks that children inherit, before their parent is deleted. */
  keepLineage(id: string): void {
    this.#lineage.set(id, this.blocksOf(id));
  }

  #get(id: string, code = "ResourceNotFoundException"): StoredSnapshot {
    const snapshot = this.snapshots.get(id);
    if (!snapshot || (code === "ResourceNotFoundException" && snapshot.status === "pending" && !this.isKnown(snapshot)))
      throw new AwsRefusal(code.includes(".") ? 400 : 404, code, `The snapshot '${id}' does not exist.`);
    return snapshot;
  }

  #pending(id: string): StoredSnapshot {
    const snapshot = this.#get(id);
    if (snapshot.status !== "pending") throw new AwsRefusal(400, "ValidationException", `${id} is ${snapshot.status}, not pending`);
    if (snapshot.looksLeft !== undefined) throw new AwsRefusal(400, "ValidationException", `${id} is being completed`);
    return snapshot;
  }
}
