/* A process that sends a file to Cloud Storage, by ours or by a plain loop of fetch with the checksum that Google's own client makes: `gcs-upload.ts ours|fetch FILE URL DIGEST`. */
import { open, readFile, stat } from "node:fs/promises";

const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
const [who, file, url, digest] = process.argv.slice(2) as ["ours" | "fetch", string, string, `sha256:${string}`];
const CHUNK = 8 << 20;
const { size } = await stat(file);
const began = performance.now();

if (who === "ours") {
  const { keepHeapSmall } = (await dist("sdk/core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
  // as the plugin does, before anything else is loaded
  keepHeapSmall();
  const { uploadObject } = (await dist("providers/gcp/storage/upload-object")) as typeof import("../../providers/gcp/storage/upload-object.ts");
  const { openJournal } = (await dist("sdk/upload/journal")) as typeof import("../../sdk/upload/journal.ts");
  await uploadObject({ origin: url, login: async () => ({}) }, { file, size, digest, bucket: "b", object: "o.tar.gz", journal: await openJournal(`${file}.journal`), signal: new AbortController().signal, onProgress: () => {} });
} else {
  const { Crc32c } = (await dist("providers/gcp/storage/crc32c")) as typeof import("../../providers/gcp/storage/crc32c.ts");
  const crc32c = new Crc32c();
  await using handle = await open(file);
  const bytes = Buffer.allocUnsafeSlow(CHUNK);
  for (let at = 0; at < size; at += CHUNK) {
    const length = Math.min(CHUNK, size - at);
    await handle.read(bytes, 0, length, at);
    crc32c.update(bytes.subarray(0, length));
    const answer = await fetch(`${url}/session`, { method: "PUT", body: bytes.subarray(0, length), headers: { "content-range": `bytes ${at}-${at + length - 1}/${size}` } });
    if (answer.status !== (at + length < size ? 308 : 200)) throw new Error(`at ${at}: ${answer.status}`);
    await answer.arrayBuffer();
  }
  crc32c.base64();
}
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB }), () => process.exit(0));
