import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { HttpResponse } from "./http.ts";
import { oneLine, redactUrl } from "./redact.ts";

const BODY_LIMIT = 64 << 10;

/** Who refused, and how it says why. */
export interface Refuser {
  /** `the registry`, `the mirror` */
  readonly name: string;
  /** What an error's body says, for one line; it may throw where the body is not what it should be. */
  readonly explain?: (body: Buffer) => string;
}

/** The error that an unwelcome answer stands for, with what its body says. Reads and drops the answer. */
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
      return new LinuxKitError("ACCESS_DENIED", `${what}: ${name} does not accept the login, or hides what does not exist: ${answer}`, {
        url,
        status,
      });
    case 403:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the login has no right to it: ${answer}`, { url, status });
    case 407:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the proxy wants a login: ${answer}`, { url, status });
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

// whatever a server sends as an error, no more than this of it is held
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
    // the status says enough
  }
  await response.drop();
  return collect(chunks);
}
