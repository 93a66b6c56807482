import type { Digest } from "../../../../sdk/core/digest.ts";

/** A snapshot as EC2 sees it. */
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
  /** The same token with the same request is the same snapshot. */
  readonly token: string;
  /** A completed snapshot whose blocks are those not written; it decides about encryption too. */
  readonly parent?: string | undefined;
  readonly encrypted?: boolean | undefined;
  readonly kmsKeyArn?: string | undefined;
  /** How long after its last block a snapshot that nobody completes is given up, in minutes. */
  readonly timeoutMinutes: number;
}

/**
 * What is asked of EBS direct and EC2, each call with its own deadline and its own retries. What is not there is
 * `undefined`; a refusal is an error with AWS's own words.
 */
export interface SnapshotService {
  /** @throws NOT_FOUND when the snapshot that the token made is gone */
  start(request: StartRequest, signal: AbortSignal): Promise<StartedSnapshot>;
  /** @param digest of the bytes */
  put(id: string, index: number, bytes: Uint8Array, digest: Digest, signal: AbortSignal): Promise<void>;
  /** @param checksum sha256 over the sha256 of every block written, by index, in base64 */
  complete(id: string, blocks: number, checksum: string, signal: AbortSignal): Promise<void>;
  describe(id: string, signal: AbortSignal): Promise<SnapshotState | undefined>;
  /** Snapshots of this account with all of these tags. */
  find(tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SnapshotState[]>;
  tag(id: string, tags: Readonly<Record<string, string>>, untag: readonly string[], signal: AbortSignal): Promise<void>;
  /** One that is gone already is a success. */
  remove(id: string, signal?: AbortSignal): Promise<void>;
}
