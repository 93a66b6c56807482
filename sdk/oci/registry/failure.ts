import { collect } from "../../core/bytes.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { HttpResponse } from "../../net/http.ts";
import { oneLine, redactUrl } from "../../net/redact.ts";

const BODY_LIMIT = 64 << 10;

/** The error that an unwelcome answer stands for, with what the registry says in its body (distribution-spec, "Error Codes"). */
export async function failureOf(response: HttpResponse, what: string): Promise<LinuxKitError> {
  const url = redactUrl(response.url);
  const said = explain(await firstBytes(response));
  const answer = `${response.status}${said && `: ${said}`} (${url})`;
  switch (response.status) {
    case 404:
      return new LinuxKitError("NOT_FOUND", `${what} does not exist: ${answer}`, { what });
    case 401:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the registry does not accept the login, or hides what does not exist: ${answer}`, { url, status: 401 });
    case 403:
      return new LinuxKitError("ACCESS_DENIED", `${what}: the login has no right to it: ${answer}`, { url, status: 403 });
    default:
      return new LinuxKitError("NETWORK", `${what}: the registry answered ${answer}`, { url });
  }
}

// whatever a server sends as an error, no more than this of it is held
async function firstBytes(response: HttpResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk.subarray(0, BODY_LIMIT - size));
      size += chunk.length;
      if (size >= BODY_LIMIT) break;
    }
  } catch {
    // the status says enough
  }
  await response.drop();
  return collect(chunks);
}

function explain(body: Buffer): string {
  try {
    const { errors } = JSON.parse(body.toString()) as { errors: { code?: string; message?: string }[] };
    return oneLine(errors.map(({ code, message }) => [code, message].filter(Boolean).join(" ")).join("; "));
  } catch {
    return "";
  }
}
