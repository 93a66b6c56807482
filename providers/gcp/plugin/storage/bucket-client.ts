import { type GcpClient, gcpClient } from "../access/client.ts";
import type { Login } from "../access/login.ts";

/** Where Cloud Storage is, and who asks it. */
export interface StorageAccess {
  /** `https://storage.googleapis.com`, without a path. */
  readonly origin: string;
  readonly login: Login;
  /** The longest pause before the second try of a request, milliseconds. @default 500 */
  readonly pauseMs?: number | undefined;
}

/** Cloud Storage as Google's own libraries find it: an emulator, named by `STORAGE_EMULATOR_HOST`, is asked without a login. */
export function storageAccess(login: Login, env: NodeJS.ProcessEnv = process.env): StorageAccess {
  const host = env.STORAGE_EMULATOR_HOST;
  if (!host) return { origin: "https://storage.googleapis.com", login };
  return { origin: new URL(/^https?:\/\//.test(host) ? host : `http://${host}`).origin, login: async () => ({}) };
}

/** The JSON API, bound to one signal. */
export interface StorageClient extends GcpClient {
  /** The resource with this path: `b/BUCKET/o/OBJECT`, each part encoded here. */
  path(...parts: readonly string[]): string;
  /** Where uploads to a bucket begin. */
  uploads(bucket: string): string;
}

export function storageClient({ origin, login, pauseMs }: StorageAccess, signal: AbortSignal): StorageClient {
  return {
    ...gcpClient({ login, service: "Cloud Storage", signal, pauseMs }),
    path: (...parts) => `${origin}/storage/v1/${parts.map(encodeURIComponent).join("/")}`,
    uploads: (bucket) => `${origin}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
  };
}
