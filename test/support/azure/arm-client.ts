import type { Properties } from "../../../sdk/plugin/value.ts";
import { apiVersions } from "./api-versions.ts";
import { parsePath } from "./arm-id.ts";
import type { AzureServer } from "./azure-server.ts";

export interface Asked {
  readonly status: number;
  readonly body: Properties;
  /** Code of the error; undefined on success. */
  readonly code: string | undefined;
  readonly headers: Headers;
}

/** A plain client of the server, for paths below one resource group. */
export class ArmClient {
  readonly #server: AzureServer;
  readonly #base: string;
  token: string;

  constructor(server: AzureServer, group: string) {
    this.#server = server;
    this.#base = `/subscriptions/${server.arm.subscription}/resourceGroups/${group}/providers/`;
    this.token = server.entra.issue();
  }

  /** ID of the resource `Microsoft.Compute/disks/d`. */
  id(path: string): string {
    return `${this.#base}${path}`;
  }

  /** @param path `Microsoft.Compute/disks/d`, an absolute path, or a URL */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    { version, headers = {} }: { readonly version?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Asked> {
    const url = new URL(/^(https?:|\/)/.test(path) ? path : this.id(path), this.#server.url);
    const asked = version ?? this.#versionOf(url.pathname);
    if (!url.searchParams.has("api-version") && asked) url.searchParams.set("api-version", asked);
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text === "" ? {} : (JSON.parse(text) as Properties);
    const { error } = parsed as { error?: { code: string } };
    return { status: response.status, body: parsed, code: error?.code, headers: response.headers };
  }

  /** As {@link ask}, and waits for the operation that it starts. @returns the last status of the operation */
  async settled(method: string, path: string, body?: unknown, options: { readonly version?: string } = {}): Promise<Asked> {
    const begun = await this.ask(method, path, body, options);
    const operation = begun.headers.get("azure-asyncoperation");
    if (operation === null) return begun;
    for (let polls = 0; polls < 100; polls++) {
      const seen = await this.ask("GET", operation);
      if (seen.status >= 400 || seen.body.status !== "InProgress") return seen;
    }
    throw new Error(`${method} ${path} is still in progress after 100 polls`);
  }

  /** The API version that Pulumi's provider uses; an arbitrary one for an unknown type. */
  #versionOf(pathname: string): string {
    const path = parsePath(pathname);
    try {
      if (path) return apiVersions(this.#server.arm.locate(path).kind.token)[0] as string;
    } catch {
      // the server refuses it
    }
    return "2024-03-01";
  }
}
