import { setTimeout as sleep } from "node:timers/promises";
import type { GoogleServer } from "./google-server.ts";
import type { Json } from "./schemas.ts";

/** A client of Compute Engine with a token, which waits for operations. */
export class ComputeClient {
  readonly #server: GoogleServer;
  readonly #token: string;

  constructor(server: GoogleServer, token = server.accounts.mint(server.email)) {
    this.#server = server;
    this.#token = token;
  }

  /** @param path path below the project, such as `global/images` @returns status and body of the answer */
  async ask(method: string, path: string, body?: Json): Promise<{ readonly status: number; readonly body: Json }> {
    const url = `${this.#server.url}/compute/v1/${path.startsWith("projects/") ? path : `projects/${this.#server.project}/${path}`}`;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Sends a request and polls its operation until it completes. @returns status and message of the error; undefined on success */
  async refusal(method: string, path: string, body?: Json): Promise<string | undefined> {
    const { status, body: answer } = await this.ask(method, path, body);
    if (status !== 200) return `${status} ${answer.error.message}`;
    for (let operation = answer; ; operation = (await this.ask("GET", operation.selfLink.replace(/^.*\/compute\/v1\//, ""))).body) {
      if (operation.status === "DONE") return operation.error && `${operation.httpErrorStatusCode} ${operation.error.errors[0].message}`;
      await sleep(2);
    }
  }

  /** As {@link refusal}, but throws the error. */
  async must(method: string, path: string, body?: Json): Promise<void> {
    const refused = await this.refusal(method, path, body);
    if (refused !== undefined) throw new Error(`${method} ${path}: ${refused}`);
  }
}
