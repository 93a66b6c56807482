import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resourceManager } from "../../../providers/azure/plugin/access/resource-manager.ts";
import { diskService } from "../../../providers/azure/plugin/pages/disk-service.ts";
import type { PageService } from "../../../providers/azure/plugin/pages/page-service.ts";
import { type PageUpload, type UploadedPages, uploadPages } from "../../../providers/azure/plugin/pages/upload-pages.ts";
import { digestOf } from "../../../sdk/core/digest.ts";
import type { Progress } from "../../../sdk/core/progress.ts";
import { bytesAt, makeDisk } from "../../../sdk/disk/extent.ts";
import { writeFixedVhd } from "../../../sdk/format/vhd.ts";
import { listBlocks } from "../../../sdk/upload/block-list.ts";
import { BLOCK_BYTES, type MappedBlock, mapBlocks } from "../../../sdk/upload/block-map.ts";
import { openJournal } from "../../../sdk/upload/journal.ts";
import { noise } from "../disks.ts";
import { ArmClient } from "./arm-client.ts";
import { AzureServer } from "./azure-server.ts";

const MIB = 1 << 20;

/** A fixed VHD and the list of its blocks. */
export type TestVhd = Pick<PageUpload, "file" | "size" | "blocks">;

/** An Azure stand-in, its managed disks, and a folder with images. Disposing removes all three. */
export class PageFixture implements AsyncDisposable {
  readonly server: AzureServer;
  readonly service: PageService;
  readonly folder: string;
  readonly lines: Progress[] = [];

  private constructor(server: AzureServer, folder: string) {
    this.server = server;
    this.folder = folder;
    server.arm.groups.set("rg", "westeurope");
    const cloud = { manager: server.url, managerScope: "https://management.azure.com/.default", authority: server.url };
    this.service = diskService(resourceManager({ cloud, token: async () => server.entra.issue() }), {
      subscriptionId: server.arm.subscription,
      resourceGroupName: "rg",
      location: "westeurope",
      arch: "amd64",
      sku: "Standard_LRS",
    });
  }

  static async start(): Promise<PageFixture> {
    return new PageFixture(await AzureServer.start(), await mkdtemp(join(tmpdir(), "pages-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }

  /** Removes disks, requests, faults, progress lines and the journal. */
  async reset(): Promise<void> {
    const { server } = this;
    server.fault = undefined;
    for (const name of this.names) await this.service.remove(name, AbortSignal.timeout(10_000));
    server.requests.length = 0;
    this.lines.length = 0;
    await rm(this.journal, { force: true });
  }

  get journal(): string {
    return join(this.folder, "journal");
  }

  get disks() {
    return this.server.arm.of("Microsoft.Compute/disks");
  }

  get names(): string[] {
    return this.disks.map(({ name }) => name);
  }

  get states(): string[] {
    return this.disks.map((disk) => this.server.disks.stateOf(disk));
  }

  /** A VHD of 64 MiB, with blocks of noise at these indexes. */
  async image(name: string, content: Readonly<Record<number, string>>): Promise<TestVhd> {
    const file = join(this.folder, name);
    const disk = makeDisk(
      64 * MIB,
      Object.entries(content).map(([index, seed]) => bytesAt(Number(index) * BLOCK_BYTES, noise(BLOCK_BYTES, seed))),
    );
    const blocks: MappedBlock[] = [];
    await using handle = await open(file, "w");
    for await (const chunk of mapBlocks(writeFixedVhd(disk, digestOf(name)), (block) => blocks.push(block))) await handle.write(chunk);
    return { file, size: 64 * MIB + 512, blocks: listBlocks(blocks) };
  }

  async upload(what: TestVhd, more: Partial<PageUpload> = {}, service: PageService = this.service): Promise<UploadedPages> {
    const journal = more.journal ?? (await openJournal(this.journal));
    return uploadPages(service, {
      ...what,
      prefix: "web",
      tags: { name: "n" },
      journal,
      signal: AbortSignal.timeout(120_000),
      onProgress: (line) => this.lines.push(line),
      ...more,
    });
  }

  /** Ends the access to a disk, as another client could. */
  async endAccess(name: string): Promise<void> {
    await new ArmClient(this.server, "rg").settled("POST", `Microsoft.Compute/disks/${name}/endGetAccess`);
  }

  /** Asserts that the disk equals the image byte by byte and can be used. */
  async assertHolds(name: string, { file }: TestVhd): Promise<void> {
    const disk = this.disks.find((disk) => disk.name === name);
    assert.ok(disk, `disk ${name} not found`);
    this.server.disks.usable(disk);
    const [got, want] = await Promise.all([readFile(this.server.disks.fileOf(disk)), readFile(file)]);
    assert.ok(got.equals(want), `disk ${name} holds other bytes`);
  }
}
