import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import type { Arch } from "../../sdk/core/arch.ts";
import { type SecretReferences, secretReferences } from "../../sdk/machine/secret-references.ts";
import type { MachineImage } from "./machine-image.ts";

/** What any machine of ours is launched with, alone or in a fleet. */
export interface InstanceShape {
  /** `e2-small`, `c4a-standard-1`… of the image's architecture. */
  readonly instanceType: Input<string>;
  /** A subnetwork's name or link, of the machine's region. @default the network named `default` */
  readonly subnetId?: Input<string> | undefined;
  /** Names by which firewall rules know the machine. @default none */
  readonly networkTags?: Input<readonly Input<string>[]> | undefined;
  /** E-mail of the service account that its services act as. @default none: they have no identity */
  readonly serviceAccount?: Input<string> | undefined;
  /** Becomes `/run/config/userdata` in the guest. Another text is another machine. @default none */
  readonly userData?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: `projects/P/secrets/S/versions/V` of Secret Manager. The machine's task
   * `debian.secrets` reads them as its service account, from metadata. Another reference counts at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Whether it has an address of its own on the Internet. @default false */
  readonly publicIp?: Input<boolean> | undefined;
  /** What a Shielded VM has. @default a TPM and integrity monitoring; Secure Boot where `secureBootKeys` are given */
  readonly shielded?:
    | {
        readonly secureBoot?: Input<boolean> | undefined;
        readonly tpm?: Input<boolean> | undefined;
        readonly integrityMonitoring?: Input<boolean> | undefined;
      }
    | undefined;
}

/** The attributes of the instance's metadata that the guest reads. */
const USER_DATA = "user-data";
const SECRETS = "linuxkit-secrets";

/** Whose change is another machine: the guest reads it at its first start. */
export const REPLACING_METADATA: readonly string[] = [`metadata["${USER_DATA}"]`];

/** What is taken as the place of a secret. */
const SECRET_FORM = {
  pattern: /^projects\/[^/\s]+\/secrets\/[\w-]+\/versions\/[\w-]+$/,
  wanted: "projects/PROJECT/secrets/SECRET/versions/VERSION",
};

/** What an instance and a template have in common, in the words of both. */
export function instanceShape(name: string, args: InstanceShape, { nodes }: MachineImage, signed: boolean) {
  const { instanceType, networkTags, serviceAccount, userData, secrets, publicIp, shielded = {}, subnetId } = args;
  const references = secrets === undefined ? undefined : secretReferences(`"${name}"`, secrets, nodes.build.definition, SECRET_FORM);
  const metadata = all([userData, references]).apply(
    ([userData, secrets]): Record<string, string> => ({
      ...(userData !== undefined && { [USER_DATA]: userData }),
      ...(secrets && { [SECRETS]: JSON.stringify(secrets) }),
    }),
  );
  return {
    machineType: instanceType,
    networkInterfaces: output(publicIp ?? false).apply((isPublic) => [
      {
        ...(subnetId === undefined ? { network: "default" } : { subnetwork: subnetId }),
        nicType: "GVNIC",
        ...(isPublic && { accessConfigs: [{}] }),
      },
    ]),
    shieldedInstanceConfig: {
      enableSecureBoot: shielded.secureBoot ?? signed,
      enableVtpm: shielded.tpm ?? true,
      enableIntegrityMonitoring: shielded.integrityMonitoring ?? shielded.tpm ?? true,
    },
    ...((userData !== undefined || secrets !== undefined) && { metadata }),
    ...(networkTags !== undefined && { tags: output(networkTags).apply((tags) => [...tags]) }),
    ...(serviceAccount !== undefined && {
      serviceAccount: { email: serviceAccount, scopes: ["https://www.googleapis.com/auth/cloud-platform"] },
    }),
  };
}

/** An image's architecture is not to be said through the provider, and is taken for x86: the disk made of another says it. */
export function diskArchitecture(arch: Output<Arch>): Output<string | undefined> {
  return arch.apply((arch) => (arch === "arm64" ? "ARM64" : undefined));
}
