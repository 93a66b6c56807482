import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { SECRETS_AWS } from "./cloud/secrets-aws.ts";
import { BUSYBOX_SHELL } from "./init.ts";
import { metadataEndpoint } from "./metadata.ts";

const url = word.regex(/^https:\/\/[A-Za-z0-9.:[\]-]+$/, "a URL such as https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com");

const schema = fields({
  /** Whose identity the machine has: `aws` is the role of its instance profile. */
  cloud: z.enum(["aws"]),
  /** Where its metadata service is. @default "169.254.169.254:80" */
  endpoint: metadataEndpoint.optional(),
  /** Seconds for all of them, tries and pauses included. @default 60 */
  timeout: seconds.optional(),
  /** Endpoints of the machine's region to ask instead of AWS's public ones, such as those of a VPC without private DNS. @default none */
  endpoints: fields({ secretsmanager: url.optional(), ssm: url.optional() }).optional(),
  /** Certificate authorities that the services' certificates are checked with, as PEM. @default Debian's own bundle, which is Mozilla's */
  authorities: word.regex(/^-----BEGIN CERTIFICATE-----\n/m, "certificates as PEM").optional(),
});

/** Arguments of `debian.secrets`. */
export type SecretsArgs = z.input<typeof schema>;

/**
 * An onboot task that fetches the secrets of the machine's services by the machine's own identity: no image, user data
 * or state holds them. It belongs after `debian.dhcp()`. Each becomes the file `/run/secrets/NAME` (0400) of the one
 * service that names it, on a tmpfs.
 *
 * Which secret goes where is said by the machine's tags, which `secrets` of `aws.Machine` and `aws.Fleet` set:
 * `linuxkit.secret.SERVICE.NAME` is `secretsmanager:ID`, `ssm:NAME`, or the ARN of a secret or parameter. A value that
 * cannot be had in time, or that the role may not have, fails the task, which then names the secret and the reason.
 *
 * Source: AWS Secrets Manager API, GetSecretValue; AWS Systems Manager API, GetParameter; Amazon EC2 User Guide,
 * "Retrieve security credentials from instance metadata" and "View tags … using instance metadata".
 */
export function secrets(args: SecretsArgs): DebianImage {
  const { endpoint = "169.254.169.254:80", timeout = 60, endpoints = {}, authorities } = checked("debian.secrets", schema, args);
  const bundle = authorities === undefined ? "/etc/ssl/certs/ca-certificates.crt" : "/etc/ssl/authorities.pem";
  return debianImage(
    {
      packages: ["busybox-static", "curl", "jq", ...(authorities === undefined ? ["ca-certificates"] : [])],
      files: [
        BUSYBOX_SHELL,
        { path: "usr/lib/linuxkit/secrets-aws", contents: SECRETS_AWS, mode: "0755" },
        ...(authorities === undefined ? [] : [{ path: bundle.slice(1), contents: authorities }]),
      ],
    },
    {
      command: ["/usr/lib/linuxkit/secrets-aws", endpoint, String(Math.ceil(timeout)), bundle, endpoints.secretsmanager ?? "", endpoints.ssm ?? ""],
      net: "host",
      // the folders are made, a tmpfs each, for the services that name secrets
      binds: ["/etc/resolv.conf:/etc/resolv.conf:ro", "/run/linuxkit/secrets:/run/linuxkit/secrets:rbind"],
      tmpfs: ["/tmp"],
      runtime: { mkdir: ["/run/linuxkit/secrets"] },
    },
  );
}
