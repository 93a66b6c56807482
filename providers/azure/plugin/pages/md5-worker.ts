/* The thread of `md5-thread.ts`: gets bytes in shared memory, answers with their MD5 in base64, one after the other. */
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";

parentPort?.on("message", (bytes: Uint8Array) => parentPort?.postMessage(createHash("md5").update(bytes).digest("base64")));
