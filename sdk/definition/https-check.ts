import { isIP } from "node:net";
import type { Input } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { certificates } from "./certificates.ts";
import { fields, port, secretName } from "./fields.ts";
import { type HttpRequestArgs, requestPath, status } from "./http-request.ts";

/**
 * A GET over TLS that must be answered with one status. The service's certificate must be for `serverName`, signed by the
 * authority, and valid by the machine's clock. The authority is exactly one of `ca` and `caSecret`.
 */
export interface HttpsCheckArgs extends HttpRequestArgs {
  /** The service's TCP port. @example 6443 */
  readonly port: Input<number>;
  /** The host name or address that the certificate must be for. @default "localhost" @example "kubernetes" */
  readonly serverName?: Input<string | undefined>;
  /** Certificates of the authority as PEM, at most 64 KiB. They become a part of the image. @default none @example readFileSync("ca.crt", "utf8") */
  readonly ca?: Input<string | undefined>;
  /** The name in the service's `secrets` of what `ca` would hold. @default none @example "ca.crt" */
  readonly caSecret?: Input<string | undefined>;
}

/** The name in a certificate, if the check sets none. */
export const SERVER_NAME = "localhost";

// what a subjectAltName holds (RFC 1123 2.1, and "_"), and what the head of a request can take
const serverName = z
  .string()
  .max(253)
  .refine(
    (name) => isIP(name) !== 0 || /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name),
    'a host name or an address, without scheme and port, as "kubernetes"',
  );

/** The schema of {@link HttpsCheckArgs}. */
export const httpsCheck = fields({
  port,
  path: requestPath.optional(),
  status: status.optional(),
  serverName: serverName.optional(),
  ca: certificates.optional(),
  caSecret: secretName.optional(),
}).superRefine(({ ca, caSecret }, context) => {
  if (ca === undefined && caSecret === undefined)
    context.addIssue({
      code: "custom",
      path: ["ca"],
      message: "the authority's certificate as PEM, or caSecret: the name of a secret of the service that holds it",
    });
  if (ca !== undefined && caSecret !== undefined)
    context.addIssue({ code: "custom", path: ["caSecret"], message: "exactly one of ca and caSecret" });
});
