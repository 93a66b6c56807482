import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { gcpClient } from "./access/client.ts";
import type { Login } from "./access/login.ts";

/** Compute Engine's REST API, by paths: `projects/P/regions/R/instanceGroupManagers/N`. */
export interface ComputeClient {
  get<T>(path: string): Promise<T>;
  /** Undefined where it does not exist. */
  find<T>(path: string): Promise<T | undefined>;
  post<T>(path: string): Promise<T>;
  /**
   * Makes a change and waits until it is done. A request that is repeated after a lost answer takes effect once.
   *
   * @throws NETWORK with Google's message, TIMEOUT
   */
  change(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown, options?: ChangeOptions): Promise<void>;
}

/** Options of {@link ComputeClient.change}. */
export interface ChangeOptions {
  /** Seconds that the change may take. @default 120 */
  readonly seconds?: number | undefined;
  /** Whether the API's method has the parameter `requestId`, by its discovery document. @default true */
  readonly takesId?: boolean | undefined;
}

/** A long-running change. Source: Compute Engine API, "Handle API responses". */
interface Operation {
  readonly selfLink: string;
  readonly status: "PENDING" | "RUNNING" | "DONE";
  readonly error?: { readonly errors?: readonly { readonly message?: string }[] };
}

/** Milliseconds between two looks at a change. */
const LOOK_MS = 1000;

/** Seconds that a change of a group's settings may take; the rollout of its machines takes longer and is watched separately. */
const CHANGE_SECONDS = 120;

/** @param env `GOOGLE_COMPUTE_CUSTOM_ENDPOINT` sets another endpoint, as for the stack's Google Cloud provider */
export function computeClient(login: Login, signal?: AbortSignal, env: NodeJS.ProcessEnv = process.env): ComputeClient {
  const client = gcpClient({ login, service: "Compute Engine", signal });
  const base = new URL(env.GOOGLE_COMPUTE_CUSTOM_ENDPOINT || "https://compute.googleapis.com/compute/v1/");
  const url = (path: string) => new URL(path, base.href.endsWith("/") ? base : `${base.href}/`);
  const get = async <T>(path: string): Promise<T> => (await client.json<T>({ what: path, url: url(path) })) as T;
  return {
    get,
    find: <T>(path: string) => client.json<T>({ what: path, url: url(path), takes: [404] }),
    post: async <T>(path: string) => (await client.json<T>({ what: path, method: "POST", url: url(path), json: {} })) as T,
    async change(method, path, body, { seconds = CHANGE_SECONDS, takesId = true } = {}) {
      const to = url(path);
      // Source: Compute Engine API, "requestId": the same id within 60 minutes is the same request
      if (takesId) to.searchParams.set("requestId", randomUUID());
      const asked = { what: path, method, url: to, ...(body !== undefined && { json: body }) };
      let operation = (await client.json<Operation>(asked)) as Operation;
      for (let waited = 0; operation.status !== "DONE"; waited += LOOK_MS / 1000) {
        if (waited >= seconds)
          throw new LinuxKitError("TIMEOUT", `${path}: the operation did not finish within ${seconds} s`, { seconds, waitingFor: path });
        operation = await get(pathOf(operation.selfLink));
        if (operation.status !== "DONE") await sleep(LOOK_MS, undefined, signal && { signal });
      }
      const [failure] = operation.error?.errors ?? [];
      if (failure)
        throw new LinuxKitError("NETWORK", `${path}: the operation failed: ${failure.message ?? "no reason given"}`, {
          url: path,
        });
    },
  };
}

/** The part of a link that identifies the resource: without host, API version and `uniqueId`. */
export function pathOf(link: string): string {
  return link.replace(/^.*?(?=projects\/)/, "").replace(/\?.*$/, "");
}
