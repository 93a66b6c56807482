import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { MachineArgs, SourceArgs } from "../../sdk/machine/args.ts";
import type { SecretReferences } from "../../sdk/machine/secret-references.ts";
import type { MachineImage } from "./machine-image.ts";
import type { ImageTraits } from "./machine-image-args.ts";

/** How a machine is launched, alone or in a scale set. */
export interface InstanceShape extends Omit<MachineArgs<MachineImage>, keyof SourceArgs<MachineImage> | "tags"> {
  /** `Standard_B2s`, `Standard_D2ps_v5`… of the image's architecture, of generation 2. */
  readonly instanceType: Input<string>;
  /** Id of the subnet of its network interface. */
  readonly subnetId: Input<string>;
  /** Id of the network security group of its network interface. @default the subnet's */
  readonly securityGroupId?: Input<string> | undefined;
  /** Id of a user-assigned managed identity for its services. @default none; with `secrets` a system-assigned one, whose `principalId` needs access to them */
  readonly identityId?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: the URL of a Key Vault secret. The guest's task `debian.secrets` reads them as
   * its identity. Another reference takes effect at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Whether it has a public IP address. @default false */
  readonly publicIp?: Input<boolean> | undefined;
  /** Name of the administrator that Azure adds to a `generalized` image. @default "linuxkit" */
  readonly adminUsername?: Input<string> | undefined;
  /** The administrator's public keys, as `ssh-keygen` writes them; a `generalized` image needs at least one. @default none */
  readonly sshPublicKeys?: Input<readonly Input<string>[]> | undefined;
}

/** User data in base64, as Azure takes it. */
export function encoded(userData: InstanceShape["userData"]): Output<string> | undefined {
  return userData === undefined ? undefined : output(userData).apply((text) => Buffer.from(text).toString("base64"));
}

/** The identity that its services use. */
export function identityOf({ identityId, secrets }: Pick<InstanceShape, "identityId" | "secrets">) {
  if (identityId !== undefined) return { identity: { type: "UserAssigned" as const, userAssignedIdentities: [identityId] } };
  return secrets === undefined ? {} : { identity: { type: "SystemAssigned" as const } };
}

/**
 * The administrator that Azure adds to a `generalized` image, and to no other.
 *
 * @throws INVALID_DEFINITION for a generalized image without keys, or keys for another image
 */
export function administrator(name: string, { generalized }: ImageTraits, { adminUsername = "linuxkit", sshPublicKeys }: InstanceShape) {
  if (generalized === (sshPublicKeys !== undefined)) {
    if (sshPublicKeys === undefined) return undefined;
    return {
      adminUsername,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        // the guest runs no agent
        provisionVMAgent: false,
        // the only path that Azure accepts
        ssh: {
          publicKeys: all([adminUsername, sshPublicKeys]).apply(([user, keys]) =>
            keys.map((keyData) => ({ keyData, path: `/home/${user}/.ssh/authorized_keys` })),
          ),
        },
      },
    };
  }
  const problem = generalized
    ? "got nothing, wanted at least one key: Azure adds an administrator to a generalized image"
    : "got keys for an image that is not generalized: put them in userData";
  throw new LinuxKitError("INVALID_DEFINITION", `${name}: sshPublicKeys: ${problem}`, { path: "sshPublicKeys" });
}
