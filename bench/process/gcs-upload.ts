/* Sends a file to Cloud Storage, with ours or Google's own client, in equal chunks and with its checksum: `gcs-upload.ts ours|theirs FILE URL DIGEST [CLIENT]`. */
import { readFile, stat } from "node:fs/promises";

/** The part of `@google-cloud/storage` that is called here. */
interface Client {
  readonly Storage: new (options: {
    apiEndpoint: string;
    projectId: string;
    useAuthWithCustomEndpoint: boolean;
  }) => {
    bucket(name: string): {
      upload(file: string, options: { destination: string; resumable: boolean; validation: string; chunkSize: number }): Promise<unknown>;
    };
  };
}

const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
const [who, file, url, digest, library = ""] = process.argv.slice(2) as ["ours" | "theirs", string, string, `sha256:${string}`, string?];
const CHUNK = 8 << 20;
const { size } = await stat(file);
const began = performance.now();

if (who === "ours") {
  const { keepHeapSmall } = (await dist("sdk/core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
  // as the plugin does, before anything else is loaded
  keepHeapSmall();
  const { uploadObject } = (await dist(
    "providers/gcp/plugin/storage/upload-object",
  )) as typeof import("../../providers/gcp/plugin/storage/upload-object.ts");
  const { openJournal } = (await dist("sdk/upload/journal")) as typeof import("../../sdk/upload/journal.ts");
  await uploadObject(
    { origin: url, login: async () => ({}) },
    {
      file,
      size,
      digest,
      bucket: "b",
      object: "o.tar.gz",
      journal: await openJournal(`${file}.journal`),
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  );
} else {
  const { Storage } = (await import(library)) as Client;
  const storage = new Storage({ apiEndpoint: url, projectId: "bench", useAuthWithCustomEndpoint: false });
  await storage.bucket("b").upload(file, { destination: "o.tar.gz", resumable: true, validation: "crc32c", chunkSize: CHUNK });
}
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB }), () => process.exit(0));
