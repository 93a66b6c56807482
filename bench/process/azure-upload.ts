/* Sends an image to a managed disk, with ours or a plain loop of Microsoft's own client, 16 requests at a time: `azure-upload.ts ours|theirs FILE URL [CLIENT]`. */
import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";

/** The part of `@azure/storage-blob` that is called here. */
interface Client {
  readonly AnonymousCredential: new () => object;
  readonly PageBlobClient: new (
    url: string,
    credential: object,
  ) => { uploadPages(body: Uint8Array, at: number, length: number, options: { transactionalContentMD5: Uint8Array }): Promise<unknown> };
}

const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
const [who, file, url, library = ""] = process.argv.slice(2) as ["ours" | "theirs", string, string, string?];
const PAGES = 4 << 20;
const { size } = await stat(file);
const began = performance.now();
let bytesSent = size;

if (who === "ours") {
  const { keepHeapSmall } = (await dist("sdk/core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
  // as the plugin does, before anything else is loaded
  keepHeapSmall();
  const { resourceManager } = (await dist(
    "providers/azure/plugin/access/resource-manager",
  )) as typeof import("../../providers/azure/plugin/access/resource-manager.ts");
  const { diskService } = (await dist(
    "providers/azure/plugin/pages/disk-service",
  )) as typeof import("../../providers/azure/plugin/pages/disk-service.ts");
  const { uploadPages } = (await dist(
    "providers/azure/plugin/pages/upload-pages",
  )) as typeof import("../../providers/azure/plugin/pages/upload-pages.ts");
  const { decodeBlockList } = (await dist("sdk/upload/block-list")) as typeof import("../../sdk/upload/block-list.ts");
  const { openJournal } = (await dist("sdk/upload/journal")) as typeof import("../../sdk/upload/journal.ts");
  // the credentials' client takes memory too
  await import("@azure/identity");
  const manager = resourceManager({ cloud: { manager: url, managerScope: "bench", authority: url }, token: async () => "bench" });
  const service = diskService(manager, { subscriptionId: "s", resourceGroupName: "g", location: "l", arch: "amd64", sku: "Standard_LRS" });
  const blocks = decodeBlockList(await readFile(`${file}.blocks`, "utf8"));
  ({ bytesSent } = await uploadPages(service, {
    file,
    size,
    blocks,
    prefix: "bench",
    tags: {},
    journal: await openJournal(`${file}.journal`),
    signal: new AbortController().signal,
    onProgress: () => {},
  }));
} else {
  const { PageBlobClient, AnonymousCredential } = (await import(library)) as Client;
  const blob = new PageBlobClient(`${url}/account/container/disk?sig=s`, new AnonymousCredential());
  await using handle = await open(file);
  let next = 0;
  const work = async (): Promise<void> => {
    const bytes = Buffer.allocUnsafeSlow(PAGES);
    for (let at = PAGES * next++; at < size; at = PAGES * next++) {
      await handle.read(bytes, 0, PAGES, at);
      // Azure compares it
      await blob.uploadPages(bytes, at, PAGES, { transactionalContentMD5: createHash("md5").update(bytes).digest() });
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB, bytesSent }), () => process.exit(0));
