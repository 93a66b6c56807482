/**
 * Plays AWS's check of Signature Version 4.
 *
 * Source: AWS IAM User Guide, "Create a signed AWS API request".
 * Assumed: which error code each kind of wrong signature gets, for every service alike.
 */
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Credentials of a role, as AWS returns them. */
export interface RoleCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  /** The session token of temporary credentials. */
  readonly Token?: string;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();

/** @returns the region and service of a valid signature, otherwise AWS's error code as `fault` */
export function verifySignature(
  request: IncomingMessage,
  body: Buffer,
  credentials: RoleCredentials,
): { readonly fault: string } | { readonly region: string; readonly service: string } {
  const { method = "", url = "", headers } = request;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
  if (!match) return { fault: "IncompleteSignatureException" };
  const [, id, day = "", region = "", service = "", names = "", signature] = match;
  const date = String(headers["x-amz-date"]);
  const age = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z")) - Date.now();
  // AWS allows a clock to differ by five minutes
  if (!date.startsWith(day) || !(Math.abs(age) < 300_000)) return { fault: "InvalidSignatureException" };
  if (id !== credentials.AccessKeyId || headers["x-amz-security-token"] !== credentials.Token)
    return { fault: "UnrecognizedClientException" };
  const signed = names.split(";");
  const mustBe = ["host", ...Object.keys(headers).filter((name) => name.startsWith("x-amz-"))];
  if (!mustBe.every((name) => signed.includes(name)) || signed.join() !== [...signed].sort().join())
    return { fault: "InvalidSignatureException" };
  const claimed = headers["x-amz-content-sha256"];
  if (claimed !== undefined && claimed !== sha256(body)) return { fault: "InvalidSignatureException" };
  const [path = "/", query = ""] = url.split("?");
  const canonical = [
    method,
    path,
    query.split("&").sort().join("&"),
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    names,
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, "aws4_request"].reduce<Buffer | string>(
    (so, part) => hmac(so, part),
    `AWS4${credentials.SecretAccessKey}`,
  );
  const expected = hmac(key, ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")).toString("hex");
  return expected === signature ? { region, service } : { fault: "InvalidSignatureException" };
}
