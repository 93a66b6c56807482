import type { LinuxKitError } from "../../core/errors.ts";
import type { HttpResponse } from "../../net/http.ts";
import { refusalOf } from "../../net/refusal.ts";

/** The error for an answer whose status is a refusal, with the codes and messages in its body (distribution-spec, "Error Codes"). */
export function failureOf(response: HttpResponse, what: string): Promise<LinuxKitError> {
  return refusalOf(response, what, { name: "the registry", explain });
}

function explain(body: Buffer): string {
  const { errors } = JSON.parse(body.toString()) as { errors: { code?: string; message?: string }[] };
  return errors.map(({ code, message }) => [code, message].filter(Boolean).join(" ")).join("; ");
}
