import type { Pages } from "./put-page.ts";

/** A disk or blob that is being written, or was. */
export interface PageObject {
  readonly name: string;
  /** Whether it still bears the mark of an upload that is under way. */
  readonly unfinished: boolean;
}

export interface BeginRequest {
  readonly name: string;
  /** Bytes, the footer among them. */
  readonly size: number;
  /** Marks what belongs to one upload until it is finished. */
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Where pages are written to: as long as the upload lasts. */
export interface PageWriter {
  /** @throws ACCESS_DENIED, NETWORK in Azure's words */
  put(pages: Pages, signal: AbortSignal): Promise<void>;
}

/** What holds pages: managed disks, or page blobs of a storage account. Each call retries by itself. */
export interface PageService {
  /** What names end with. */
  readonly suffix: string;
  /** The full id of what has this name, or its address. */
  idOf(name: string): string;
  begin(request: BeginRequest, signal: AbortSignal): Promise<void>;
  /** Leave to write, asked anew each time. @throws ACCESS_DENIED where it is not to be had any more */
  open(name: string, signal: AbortSignal): Promise<PageWriter>;
  find(name: string, signal: AbortSignal): Promise<PageObject | undefined>;
  /** What uploads of this key have begun and not finished. */
  unfinished(key: string, signal: AbortSignal): Promise<string[]>;
  /** All pages are there: takes back the leave to write, and the mark. */
  finish(name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Tags of what is finished. */
  tag(name: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  /** Takes back the leave to write, and removes it; what is gone already is a success. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}
