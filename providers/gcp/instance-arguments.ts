import { all, type Input, output } from "@pulumi/pulumi/output.js";
import type { MachineArgs, SourceArgs } from "../../sdk/machine/args.ts";
import { type ReferenceForm, type SecretReferences, secretReferences } from "../../sdk/machine/secret-references.ts";
import type { MachineImage } from "./machine-image.ts";

/** The boot disk of a machine. */
export interface BootDiskArgs {
  /** `pd-balanced`, `hyperdisk-balanced`… @default "hyperdisk-balanced" or "pd-balanced" for series without `pd-standard`, else Compute Engine's */
  readonly type?: Input<string> | undefined;
  /** GiB. @default the image's; at least 10 on Hyperdisk @example 20 */
  readonly sizeGiB?: Input<number> | undefined;
}

/** How a machine is launched, alone or in a fleet. */
export interface InstanceShape extends Omit<MachineArgs<MachineImage>, keyof SourceArgs<MachineImage> | "tags"> {
  /** `e2-small`, `c4a-standard-1`… of the image's architecture. */
  readonly instanceType: Input<string>;
  /** Name or link of a subnetwork in the machine's region. @default the network named `default` */
  readonly subnetId?: Input<string> | undefined;
  /** Network tags, which firewall rules select machines by. @default none */
  readonly networkTags?: Input<readonly Input<string>[]> | undefined;
  /** E-mail of the service account that its services use. @default none */
  readonly serviceAccount?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: `projects/P/secrets/S/versions/V` of Secret Manager. The guest's task
   * `debian.secrets` reads them as its service account. Another reference takes effect at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Whether it has a public IP address. @default false */
  readonly publicIp?: Input<boolean> | undefined;
  /** Type and size of the boot disk. @default those that the machine series has */
  readonly bootDisk?: BootDiskArgs | undefined;
  /** Shielded VM options. @default a TPM and integrity monitoring; Secure Boot where `secureBootKeys` are given */
  readonly shielded?:
    | {
        /** Whether the firmware checks signatures. @default whether the image has `secureBootKeys` */
        readonly secureBoot?: Input<boolean> | undefined;
        /** Whether the machine has a TPM of the hypervisor. @default true */
        readonly tpm?: Input<boolean> | undefined;
        /** Whether Google compares each boot's measurements with the first. @default true */
        readonly integrityMonitoring?: Input<boolean> | undefined;
      }
    | undefined;
}

/** The attributes of the instance's metadata that the guest reads. */
const USER_DATA = "user-data";
const SECRETS = "linuxkit-secrets";

/** Metadata whose change replaces the machine: the guest reads it at its first boot only. */
export const REPLACING_METADATA: readonly string[] = [`metadata["${USER_DATA}"]`];

/** References that Google Cloud machines accept. */
const SECRET_FORM: ReferenceForm = {
  pattern: /^projects\/[^/\s]+\/secrets\/[\w-]+\/versions\/[\w-]+$/,
  wanted: "projects/PROJECT/secrets/SECRET/versions/VERSION",
};

/** The arguments that an instance and an instance template share. */
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
