import type { Pages } from "./put-page.ts";

/** A disk or blob, complete or not. */
export interface PageObject {
  readonly name: string;
  /** The mark of the upload that has not finished it; undefined once it is complete. */
  readonly mark: string | undefined;
}

export interface BeginRequest {
  readonly name: string;
  /** Bytes, including the footer. */
  readonly size: number;
  /** What marks the disk or blob until the upload is finished: a random text in the upload's journal. */
  readonly mark: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Write access for the duration of an upload. */
export interface PageWriter {
  /** @throws ACCESS_DENIED, NETWORK with Azure's message */
  put(pages: Pages, signal: AbortSignal): Promise<void>;
}

/** Managed disks, or page blobs of a storage account. Each call retries by itself. */
export interface PageService {
  /** Suffix of names. */
  readonly suffix: string;
  /** Full id of a disk, or URL of a blob. */
  idOf(name: string): string;
  begin(request: BeginRequest, signal: AbortSignal): Promise<void>;
  /** Requests write access. @throws ACCESS_DENIED if it was revoked */
  open(name: string, signal: AbortSignal): Promise<PageWriter>;
  find(name: string, signal: AbortSignal): Promise<PageObject | undefined>;
  /** Ends the upload: revokes write access and removes the mark. */
  finish(name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Sets the tags of a complete disk or blob. */
  tag(name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Revokes write access and deletes. Succeeds if it does not exist. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}
