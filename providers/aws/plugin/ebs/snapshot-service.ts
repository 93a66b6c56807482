import type { Digest } from "../../../../sdk/core/digest.ts";

/** A snapshot as EC2 describes it. */
export interface SnapshotState {
  readonly id: string;
  readonly status: "pending" | "completed" | "error";
  /** Why it failed, in EC2's words. */
  readonly reason?: string | undefined;
  readonly encrypted: boolean;
  readonly sizeGiB: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A snapshot that is being written. */
export interface StartedSnapshot {
  readonly id: string;
  readonly blockBytes: number;
  readonly encrypted: boolean;
}

export interface StartRequest {
  readonly sizeGiB: number;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The same token with the same request returns the same snapshot. */
  readonly token: string;
  /** A completed snapshot that provides the blocks not written. It also decides the encryption. */
  readonly parent?: string | undefined;
  readonly encrypted?: boolean | undefined;
  readonly kmsKeyArn?: string | undefined;
  /** Minutes after its last block at which AWS drops a snapshot that is not completed. */
  readonly timeoutMinutes: number;
}

/**
 * Calls to the EBS direct APIs and EC2, each with its own deadline and retries. A missing snapshot is `undefined`; a
 * refusal is an error with AWS's message.
 */
export interface SnapshotService {
  /** @throws NOT_FOUND when the snapshot that the token started, or the parent, was deleted */
  start(request: StartRequest, signal: AbortSignal): Promise<StartedSnapshot>;
  /** @param digest of the bytes */
  put(id: string, index: number, bytes: Uint8Array, digest: Digest, signal: AbortSignal): Promise<void>;
  /** @param checksum sha256 over the sha256 of every block written, by index, in base64 */
  complete(id: string, blocks: number, checksum: string, signal: AbortSignal): Promise<void>;
  describe(id: string, signal: AbortSignal): Promise<SnapshotState | undefined>;
  tag(id: string, tags: Readonly<Record<string, string>>, untag: readonly string[], signal: AbortSignal): Promise<void>;
  /** Succeeds if the snapshot does not exist. */
  remove(id: string, signal?: AbortSignal): Promise<void>;
}
