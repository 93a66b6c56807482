import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { HttpResponse } from "./http.ts";
import { oneLine, redactUrl } from "./redact.ts";

const BODY_LIMIT = 64 << 10;

/** A server that refuses requests, and how to read its reasons. */
export interface Refuser {
  /** `the registry`, `the mirror` */
  readonly name: string;
  /** The reason in an error's body, as one line; it may throw for a malformed body. */
  readonly explain?: (body: Buffer) => string;
}

/**
 * The error for an answer whose status is a refusal, with the reason in its body. Reads and drops the answer. 404 and 410
 * give NOT_FOUND, 401, 403 and 407 ACCESS_DENIED, any other status NETWORK.
 *
 * @param what names the requested thing in the message
 */
export async function refusalOf(response: HttpResponse, what: string, { name, explain }: Refuser): Promise<LinuxKitError> {
  const { status } = response;
  const url = redactUrl(response.url);
  const said = sayingOf(await firstBytes(response), explain);
  const answer = `${status}${said && `: ${said}`} (${url})`;
  switch (status) {
    case 404:
    case 410:
      return new LinuxKitError("NOT_FOUND", `${what} does not exist: ${answer}`, { what });
    case 401:
      return new LinuxKitError("ACCESS_DENIED", `${what} does not exist, or ${name} does not accept the credentials: ${answer}`, {
        url,
        status,
      });
    case 403:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the credentials lack permission: ${answer}`, { url, status });
    case 407:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the proxy requires a login: ${answer}`, { url, status });
    default:
      return new LinuxKitError("NETWORK", `${what}: ${name} answered ${answer}`, { url });
  }
}

function sayingOf(body: Buffer, explain: Refuser["explain"]): string {
  try {
    return oneLine(explain?.(body) ?? "");
  } catch {
    return "";
  }
}

// a server may send an error of any length: at most BODY_LIMIT bytes are kept
async function firstBytes(response: HttpResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      // copied, for the memory may be reused
      chunks.push(Uint8Array.from(chunk.subarray(0, BODY_LIMIT - size)));
      size += chunk.length;
      if (size >= BODY_LIMIT) break;
    }
  } catch {
    // the status is enough
  }
  await response.drop();
  return collect(chunks);
}
