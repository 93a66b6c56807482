/* A process that sends an image to a managed disk, by ours or by a plain loop of fetch over 16 connections: `azure-upload.ts ours|fetch FILE URL`. */
import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";

const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
const [who, file, url] = process.argv.slice(2) as ["ours" | "fetch", string, string];
const PAGES = 4 << 20;
const { size } = await stat(file);
const began = performance.now();
let bytesSent = size;

if (who === "ours") {
  const { keepHeapSmall } = (await dist("sdk/core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
  // as the plugin does, before anything else is loaded
  keepHeapSmall();
  const { resourceManager } = (await dist("providers/azure/access/resource-manager")) as typeof import("../../providers/azure/access/resource-manager.ts");
  const { diskService } = (await dist("providers/azure/pages/disk-service")) as typeof import("../../providers/azure/pages/disk-service.ts");
  const { uploadPages } = (await dist("providers/azure/pages/upload-pages")) as typeof import("../../providers/azure/pages/upload-pages.ts");
  const { decodeBlockList } = (await dist("sdk/upload/block-list")) as typeof import("../../sdk/upload/block-list.ts");
  const { openJournal } = (await dist("sdk/upload/journal")) as typeof import("../../sdk/upload/journal.ts");
  // what logs in is in memory too
  await import("@azure/identity");
  const manager = resourceManager({ cloud: { manager: url, managerScope: "bench", authority: url }, token: async () => "bench" });
  const service = diskService(manager, { subscriptionId: "s", resourceGroupName: "g", location: "l", arch: "amd64", sku: "Standard_LRS" });
  const blocks = decodeBlockList(await readFile(`${file}.blocks`, "utf8"));
  ({ bytesSent } = await uploadPages(service, { file, size, blocks, prefix: "bench", key: "k", tags: {}, journal: await openJournal(`${file}.journal`), signal: new AbortController().signal, onProgress: () => {} }));
} else {
  await using handle = await open(file);
  let next = 0;
  const work = async (): Promise<void> => {
    const bytes = Buffer.allocUnsafeSlow(PAGES);
    for (let at = PAGES * next++; at < size; at = PAGES * next++) {
      await handle.read(bytes, 0, PAGES, at);
      // the header that Azure compares
      const md5 = createHash("md5").update(bytes).digest("base64");
      const answer = await fetch(`${url}/disk?sig=s&comp=page`, { method: "PUT", body: bytes, headers: { "content-md5": md5, "x-ms-range": `bytes=${at}-${at + PAGES - 1}`, "x-ms-page-write": "update" } });
      if (answer.status !== 201) throw new Error(`pages at ${at}: ${answer.status}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB, bytesSent }), () => process.exit(0));
