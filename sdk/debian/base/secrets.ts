import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { SECRETS_AWS } from "./cloud/secrets-aws.ts";
import { SECRETS_AZURE } from "./cloud/secrets-azure.ts";
import { SECRETS_GCP } from "./cloud/secrets-gcp.ts";
import { BUSYBOX_SHELL } from "./init.ts";
import { metadataEndpoint } from "./metadata.ts";

const url = word.regex(/^https:\/\/[A-Za-z0-9.:[\]-]+$/, "a URL such as https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com");

const schema = fields({
  /** Whose identity the machine has: `aws` is the role of its instance profile, `gcp` its service account, `azure` its managed identity. */
  cloud: z.enum(["aws", "gcp", "azure"]),
  /** Where its metadata service is. @default "169.254.169.254:80" */
  endpoint: metadataEndpoint.optional(),
  /** Seconds for all of them, tries and pauses included. @default 60 */
  timeout: seconds.optional(),
  /**
   * What to ask instead of the cloud's public endpoints, where a network has its own without private DNS: of AWS those of the
   * machine's region, of Google that of Secret Manager; every vault of Azure is then reached there under its own name. @default none
   */
  endpoints: fields({
    secretsmanager: url.optional(),
    ssm: url.optional(),
    secretmanager: url.optional(),
    keyvault: url.optional(),
  }).optional(),
  /** Azure only: the client id of the identity, where the machine has several. @default its only one */
  identity: word.regex(/^[0-9a-f-]{36}$/, "a client id, such as 00000000-0000-0000-0000-000000000000").optional(),
  /** Certificate authorities that the services' certificates are checked with, as PEM. @default Debian's own bundle, which is Mozilla's */
  authorities: word.regex(/^-----BEGIN CERTIFICATE-----\n/m, "certificates as PEM").optional(),
});

/** Arguments of `debian.secrets`. */
export type SecretsArgs = z.input<typeof schema>;

type Given = z.output<typeof schema>;

/** By cloud, the task's script, the endpoints that it has, and its words after those that all have. */
const CLOUDS: Readonly<
  Record<Given["cloud"], { readonly script: string; readonly endpoints: readonly string[]; words(given: Given): readonly string[] }>
> = {
  aws: {
    script: SECRETS_AWS,
    endpoints: ["secretsmanager", "ssm"],
    words: ({ endpoints }) => [endpoints?.secretsmanager ?? "", endpoints?.ssm ?? ""],
  },
  gcp: { script: SECRETS_GCP, endpoints: ["secretmanager"], words: ({ endpoints }) => [endpoints?.secretmanager ?? ""] },
  azure: {
    script: SECRETS_AZURE,
    endpoints: ["keyvault"],
    words: ({ endpoints, identity }) => [endpoints?.keyvault === undefined ? "" : addressOf(endpoints.keyvault), identity ?? ""],
  },
};

/**
 * An onboot task that fetches the secrets of the machine's services by the machine's own identity: no image, user data
 * or state holds them. It belongs after `debian.dhcp()`. Each becomes the file `/run/secrets/NAME` (0400) of the one
 * service that names it, on a tmpfs. A value that cannot be had in time, or that the identity may not have, fails the
 * task, which then names the secret and the reason.
 *
 * Which secret goes where is said by the machine's metadata, as `secrets` of its `Machine` or `Fleet` sets it:
 * `aws`: the tag `linuxkit.secret.SERVICE.NAME` is `secretsmanager:ID`, `ssm:NAME`, or the ARN of a secret or parameter;
 * `gcp`: the attribute `linuxkit-secrets` is JSON, `{ SERVICE: { NAME: "projects/P/secrets/S/versions/V" } }`;
 * `azure`: the tag `linuxkit.secret.SERVICE.NAME` is the URL of a secret in Key Vault.
 *
 * Source: AWS Secrets Manager API, GetSecretValue; AWS Systems Manager API, GetParameter; Amazon EC2 User Guide,
 * "Retrieve security credentials from instance metadata"; Secret Manager API, projects.secrets.versions.access; Key Vault
 * REST API, Get Secret; Microsoft Learn, "How managed identities work with virtual machines".
 */
export function secrets(args: SecretsArgs): DebianImage {
  const given = checked("debian.secrets", schema, args);
  const { cloud, endpoint = "169.254.169.254:80", timeout = 60, authorities } = given;
  const { script, endpoints, words } = CLOUDS[cloud];
  for (const name of Object.keys(given.endpoints ?? {}))
    if (!endpoints.includes(name)) refuse(`endpoints.${name}`, `got one for ${cloud}, wanted ${endpoints.join(" or ")}`);
  if (given.identity !== undefined && cloud !== "azure") refuse("identity", `got one for ${cloud}, wanted it for azure only`);
  const bundle = authorities === undefined ? "/etc/ssl/certs/ca-certificates.crt" : "/etc/ssl/authorities.pem";
  const path = `usr/lib/linuxkit/secrets-${cloud}`;
  return debianImage(
    {
      packages: ["busybox-static", "curl", "jq", ...(authorities === undefined ? ["ca-certificates"] : [])],
      files: [
        BUSYBOX_SHELL,
        { path, contents: script, mode: "0755" },
        ...(authorities === undefined ? [] : [{ path: bundle.slice(1), contents: authorities }]),
      ],
    },
    {
      command: [`/${path}`, endpoint, String(Math.ceil(timeout)), bundle, ...words(given)],
      net: "host",
      // the folders are made, a tmpfs each, for the services that name secrets
      binds: ["/etc/resolv.conf:/etc/resolv.conf:ro", "/run/linuxkit/secrets:/run/linuxkit/secrets:rbind"],
      tmpfs: ["/tmp"],
      runtime: { mkdir: ["/run/linuxkit/secrets"] },
    },
  );
}

function refuse(path: string, message: string): never {
  throw new LinuxKitError("INVALID_DEFINITION", `debian.secrets: ${path}: ${message}`, { path });
}

/** `HOST:PORT` of a URL. */
function addressOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || 443}`;
}
