import { once } from "node:events";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { headersOf } from "./fetch-wire.ts";
import type { HttpRequest, Watch, Wire } from "./http.ts";

/** Bytes handed to the socket at a time: each piece that is sent refreshes the deadline. */
const PIECE = 256 << 10;

/** Bytes of an unwanted answer that are read, and milliseconds that they may take. */
const REST = 64 << 10;
const REST_MS = 1000;

// connections are kept for the next body; an idle one does not keep the process running
const AGENTS = { "http:": new HttpAgent({ keepAlive: true }), "https:": new HttpsAgent({ keepAlive: true }) };

/**
 * A wire for requests with large bodies. They go to the socket without a copy; `fetch` copies them and leaves the copy as
 * garbage. It trusts the same certificates as `fetch`, and does not use a proxy.
 */
export const bodyWire: Wire = async (request, watch) => {
  const { url, method = "POST", body = new Uint8Array(0) } = request;
  const secure = url.protocol === "https:";
  const options = {
    method,
    headers: { ...headersOf(request), "content-length": body.length },
    signal: watch.signal,
    agent: AGENTS[secure ? "https:" : "http:"],
  };
  const sending = secure ? httpsRequest(url, options) : httpRequest(url, options);
  const answered = once(sending, "response") as Promise<[IncomingMessage]>;
  // the answer may come, or fail, while the body is still being sent
  answered.catch(() => {});
  await write(sending, request, watch, answered);
  const [answer] = await answered;
  // a server that has answered may close the connection before it has read everything
  sending.on("error", () => {});
  const headers = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2)
    headers.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string);
  return { status: answer.statusCode ?? 0, headers, body: bytesOf(answer, watch), drop: async () => discard(answer) };
};

async function write(
  sending: ClientRequest,
  { body = new Uint8Array(0) }: HttpRequest,
  { onBytes }: Watch,
  answered: Promise<unknown>,
): Promise<void> {
  let over = false;
  const end = answered.finally(() => {
    over = true;
  });
  end.catch(() => {});
  for (let at = 0; at < body.length && !over; at += PIECE) {
    const piece = body.subarray(at, at + PIECE);
    if (!sending.write(piece)) await Promise.race([once(sending, "drain"), end]);
    onBytes(piece.length);
  }
  sending.end();
}

// a short rest is read, so that the connection can be used again; a server that sends more loses it
function discard(answer: IncomingMessage): void {
  let left = REST;
  answer.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) answer.destroy();
  });
  const patience = setTimeout(() => answer.destroy(), REST_MS);
  answer.on("error", () => {});
  answer.once("close", () => clearTimeout(patience));
}

async function* bytesOf(answer: IncomingMessage, { onBytes }: Watch): AsyncGenerator<Uint8Array> {
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    onBytes(chunk.length);
    yield chunk;
  }
}
