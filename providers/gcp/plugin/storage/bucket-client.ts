import { type GcpClient, gcpClient } from "../access/client.ts";
import type { Login } from "../access/login.ts";

/** Endpoint and credentials of Cloud Storage. */
export interface StorageAccess {
  /** `https://storage.googleapis.com`, without a path. */
  readonly origin: string;
  readonly login: Login;
  /** The longest pause before the second try of a request, milliseconds. @default 500 */
  readonly pauseMs?: number | undefined;
}

/** Cloud Storage, or the emulator that `STORAGE_EMULATOR_HOST` names, which needs no login; Google's libraries do the same. */
export function storageAccess(login: Login, env: NodeJS.ProcessEnv = process.env): StorageAccess {
  const host = env.STORAGE_EMULATOR_HOST;
  if (!host) return { origin: "https://storage.googleapis.com", login };
  return { origin: new URL(/^https?:\/\//.test(host) ? host : `http://${host}`).origin, login: async () => ({}) };
}

/** The JSON API, bound to one signal. */
export interface StorageClient extends GcpClient {
  /** URL of a resource: `b/BUCKET/o/OBJECT`. Encodes each part. */
  path(...parts: readonly string[]): string;
  /** URL that starts uploads to a bucket. */
  uploads(bucket: string): string;
}

export function storageClient({ origin, login, pauseMs }: StorageAccess, signal: AbortSignal): StorageClient {
  return {
    ...gcpClient({ login, service: "Cloud Storage", signal, pauseMs }),
    path: (...parts) => `${origin}/storage/v1/${parts.map(encodeURIComponent).join("/")}`,
    uploads: (bucket) => `${origin}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
  };
}
