import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { gcpClient } from "./access/client.ts";
import type { Login } from "./access/login.ts";

/** Compute Engine's REST API, by paths: `projects/P/regions/R/instanceGroupManagers/N`. */
export interface ComputeClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string): Promise<T>;
  /** Changes a resource and waits until the change is done. @throws NETWORK with Google's message */
  patch(path: string, body: unknown): Promise<void>;
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
    post: async <T>(path: string) => (await client.json<T>({ what: path, method: "POST", url: url(path), json: {} })) as T,
    async patch(path, body) {
      let operation = (await client.json<Operation>({ what: path, method: "PATCH", url: url(path), json: body })) as Operation;
      for (let waited = 0; operation.status !== "DONE"; waited += LOOK_MS / 1000) {
        if (waited >= CHANGE_SECONDS)
          throw new LinuxKitError("TIMEOUT", `${path}: the operation did not finish within ${CHANGE_SECONDS} s`, {
            seconds: CHANGE_SECONDS,
            waitingFor: path,
          });
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
