import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AwsClients, awsClients } from "../../../providers/aws/plugin/access/clients.ts";
import { awsSnapshotService } from "../../../providers/aws/plugin/ebs/aws-snapshot-service.ts";
import { type SnapshotUpload, type UploadedSnapshot, uploadSnapshot } from "../../../providers/aws/plugin/ebs/upload-snapshot.ts";
import { type Digest, digestOf } from "../../../sdk/core/digest.ts";
import type { Progress } from "../../../sdk/core/progress.ts";
import { listBlocks } from "../../../sdk/upload/block-list.ts";
import { BLOCK_BYTES } from "../../../sdk/upload/block-map.ts";
import { openJournal } from "../../../sdk/upload/journal.ts";
import { noise } from "../disks.ts";
import { AwsServer } from "./aws-server.ts";

const GIB = 2 ** 30;

/** A raw image and the list of its blocks. */
export type TestImage = Pick<SnapshotUpload, "file" | "size" | "blocks">;

/** An AWS stand-in, the SDK's clients for it, and a folder with images. Disposing removes all three. */
export class EbsFixture implements AsyncDisposable {
  readonly server: AwsServer;
  readonly clients: AwsClients;
  readonly folder: string;
  readonly lines: Progress[] = [];

  private constructor(server: AwsServer, folder: string) {
    this.server = server;
    this.folder = folder;
    Object.assign(process.env, server.environment);
    this.clients = awsClients({});
  }

  static async start(): Promise<EbsFixture> {
    return new EbsFixture(await AwsServer.start(), await mkdtemp(join(tmpdir(), "ebs-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of Object.values(this.clients)) client.destroy();
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }

  /** Removes snapshots, requests, faults and progress lines. */
  reset(): void {
    const { server } = this;
    server.ebs.snapshots.clear();
    Object.assign(server.ebs, { encryptsByDefault: false, unknownMs: 0, looksToComplete: 0 });
    server.requests.length = 0;
    server.fault = undefined;
    this.lines.length = 0;
  }

  get journal(): string {
    return join(this.folder, "journal");
  }

  /** A sparse image of 1 GiB, with blocks of noise at these indexes. */
  async image(name: string, content: Readonly<Record<number, string>>): Promise<TestImage> {
    const file = join(this.folder, name);
    await using handle = await open(file, "w");
    await handle.truncate(GIB);
    const blocks = Object.entries(content).map(([index, seed]) => ({
      offset: Number(index) * BLOCK_BYTES,
      bytes: noise(BLOCK_BYTES, seed),
    }));
    for (const { offset, bytes } of blocks) await handle.write(bytes, 0, BLOCK_BYTES, offset);
    return { file, size: GIB, blocks: listBlocks(blocks.map(({ offset, bytes }) => ({ offset, digest: digestOf(bytes) }))) };
  }

  /** An image of which every block is noise. */
  async noisy(name: string, sizeGiB: number): Promise<TestImage> {
    const file = join(this.folder, name);
    const stream = createCipheriv("aes-128-ctr", Buffer.alloc(16, name), Buffer.alloc(16));
    const zero = Buffer.alloc(BLOCK_BYTES);
    const blocks: { offset: number; digest: Digest }[] = [];
    await using handle = await open(file, "w");
    for (let offset = 0; offset < sizeGiB * GIB; offset += BLOCK_BYTES) {
      const bytes = stream.update(zero);
      await handle.write(bytes);
      blocks.push({ offset, digest: digestOf(bytes) });
    }
    return { file, size: sizeGiB * GIB, blocks: listBlocks(blocks) };
  }

  async upload(what: TestImage, more: Partial<SnapshotUpload> = {}, unknownMs?: number): Promise<UploadedSnapshot> {
    const journal = more.journal ?? (await openJournal(this.journal));
    return uploadSnapshot(awsSnapshotService(this.clients, unknownMs), {
      ...what,
      description: "d",
      tags: { Name: "n" },
      pollMs: 10,
      signal: AbortSignal.timeout(120_000),
      onProgress: (line) => this.lines.push(line),
      ...more,
      journal,
    });
  }

  /** Asserts that a volume from the snapshot equals the image byte by byte. */
  async assertHolds(id: string, { file, blocks }: TestImage): Promise<void> {
    const stored = this.server.ebs.blocksOf(id);
    await using handle = await open(file);
    const bytes = Buffer.alloc(BLOCK_BYTES);
    const zero = Buffer.alloc(BLOCK_BYTES);
    for (const index of new Set([...stored.keys(), ...blocks.map(({ index }) => index)])) {
      await handle.read(bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      assert.ok(bytes.equals(stored.get(index) ?? zero), `block ${index}`);
    }
  }
}
