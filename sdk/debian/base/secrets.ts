import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, seconds, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { metadataEndpoint } from "./metadata.ts";

const url = word.regex(/^https:\/\/[A-Za-z0-9.:[\]-]+$/, "a URL such as https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com");

/** The schema of {@link SecretsArgs}. */
export const secretsSchema = fields({
  cloud: z.enum(["aws", "gcp", "azure"]),
  endpoint: metadataEndpoint.optional(),
  timeout: seconds.optional(),
  endpoints: fields({
    secretsmanager: url.optional(),
    ssm: url.optional(),
    secretmanager: url.optional(),
    keyvault: url.optional(),
  }).optional(),
  identity: word.regex(/^[0-9a-f-]{36}$/, "a client id, such as 00000000-0000-0000-0000-000000000000").optional(),
  authorities: word.regex(/^-----BEGIN CERTIFICATE-----\n/m, "certificates as PEM").optional(),
});

/** URLs of private endpoints of a cloud's secret store. */
export interface SecretEndpoints {
  /**
   * AWS Secrets Manager.
   * @default the public endpoint of the machine's region
   * @example "https://vpce-1.secretsmanager.eu-central-1.vpce.amazonaws.com"
   */
  readonly secretsmanager?: string | undefined;
  /**
   * Parameter Store of AWS Systems Manager.
   * @default the public endpoint of the machine's region
   * @example "https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com"
   */
  readonly ssm?: string | undefined;
  /** Google's Secret Manager. @default "https://secretmanager.googleapis.com" @example "https://secretmanager-acme.p.googleapis.com" */
  readonly secretmanager?: string | undefined;
  /** Azure Key Vault. @default the vault's own address @example "https://10.0.0.4" */
  readonly keyvault?: string | undefined;
}

/** Arguments of `debian.secrets`. */
export interface SecretsArgs {
  /**
   * The cloud whose identity the machine uses: `aws` is the role of its instance profile, `gcp` its service account, `azure`
   * its managed identity.
   */
  readonly cloud: "aws" | "gcp" | "azure";
  /** The address and port of the metadata service. @default "169.254.169.254:80" @example "[fd00:ec2::254]:80" */
  readonly endpoint?: string | undefined;
  /** Seconds for all secrets together, including retries. @default 60 @example 120 */
  readonly timeout?: number | undefined;
  /**
   * URLs of private endpoints, for a network without private DNS: for AWS those of the machine's region, for Google that
   * of Secret Manager. For Azure, every vault is reached there under its own name.
   * @default the cloud's public endpoints
   * @example { ssm: "https://vpce-1.ssm.eu-central-1.vpce.amazonaws.com" }
   */
  readonly endpoints?: SecretEndpoints | undefined;
  /**
   * Azure only: the client id of the identity, if the machine has several.
   * @default its only identity
   * @example "00000000-0000-0000-0000-000000000000"
   */
  readonly identity?: string | undefined;
  /** Certificate authorities to trust, as PEM. @default Mozilla's bundle, from Debian @example "-----BEGIN CERTIFICATE-----\n…" */
  readonly authorities?: string | undefined;
}

type Given = z.output<typeof secretsSchema>;

/** By cloud, the endpoints that it has, and the task's words after those that all have. */
const CLOUDS: Readonly<Record<Given["cloud"], { readonly endpoints: readonly string[]; words(given: Given): readonly string[] }>> = {
  aws: {
    endpoints: ["secretsmanager", "ssm"],
    words: ({ endpoints }) => [endpoints?.secretsmanager ?? "", endpoints?.ssm ?? ""],
  },
  gcp: { endpoints: ["secretmanager"], words: ({ endpoints }) => [endpoints?.secretmanager ?? ""] },
  azure: {
    endpoints: ["keyvault"],
    words: ({ endpoints, identity }) => [endpoints?.keyvault === undefined ? "" : addressOf(endpoints.keyvault), identity ?? ""],
  },
};

/**
 * An onboot task that fetches the secrets of the machine's services with the machine's own identity, so that they are not
 * in the image, the user data or the state. Put it after `debian.dhcp()`. Each secret becomes the file `/run/secrets/NAME`
 * (mode 0400, on a tmpfs) of the service that names it. If a value is not available in time, or the identity may not read
 * it, the task fails and names the secret and the reason.
 *
 * The machine's metadata maps services to secrets, as set by `secrets` of its `Machine` or `Fleet`:
 * `aws`: the tag `linuxkit.secret.SERVICE.NAME` is `secretsmanager:ID`, `ssm:NAME`, or the ARN of a secret or parameter;
 * `gcp`: the attribute `linuxkit-secrets` is JSON, `{ SERVICE: { NAME: "projects/P/secrets/S/versions/V" } }`;
 * `azure`: the tag `linuxkit.secret.SERVICE.NAME` is the URL of a secret in Key Vault.
 *
 * Source: AWS Secrets Manager API, GetSecretValue; AWS Systems Manager API, GetParameter; Amazon EC2 User Guide,
 * "Retrieve security credentials from instance metadata"; Secret Manager API, projects.secrets.versions.access; Key Vault
 * REST API, Get Secret; Microsoft Learn, "How managed identities work with virtual machines".
 *
 * @throws INVALID_DEFINITION
 */
export function secrets(args: SecretsArgs): DebianImage {
  const given = checked("debian.secrets", secretsSchema, args);
  const { cloud, endpoint = "169.254.169.254:80", timeout = 60, authorities } = given;
  const { endpoints, words } = CLOUDS[cloud];
  for (const name of Object.keys(given.endpoints ?? {}))
    if (!endpoints.includes(name))
      refuse(`endpoints.${name}`, `got an endpoint that ${cloud} does not have, wanted ${endpoints.join(" or ")}`);
  if (given.identity !== undefined && cloud !== "azure")
    refuse("identity", `got ${JSON.stringify(given.identity)} for ${cloud}, wanted it only for azure`);
  const bundle = authorities === undefined ? "/etc/ssl/certs/ca-certificates.crt" : "/etc/ssl/authorities.pem";
  return debianImage(
    {
      program: "linuxkit-secrets",
      packages: authorities === undefined ? ["ca-certificates"] : [],
      files: authorities === undefined ? [] : [{ path: bundle.slice(1), contents: authorities }],
    },
    {
      command: ["/usr/bin/linuxkit-secrets", cloud, endpoint, String(Math.ceil(timeout)), bundle, ...words(given)],
      net: "host",
      // has a folder for each service that names secrets, each on its own tmpfs
      binds: ["/etc/resolv.conf:/etc/resolv.conf:ro", "/run/linuxkit/secrets:/run/linuxkit/secrets:rbind"],
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
