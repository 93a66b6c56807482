import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { SecretReferences } from "../../sdk/machine/secret-references.ts";
import type { ImageTraits } from "./machine-image-args.ts";

/** How any machine of ours is launched, alone or in a scale set. */
export interface InstanceShape {
  /** `Standard_B2s`, `Standard_D2ps_v5`… of the image's architecture, of generation 2. */
  readonly instanceType: Input<string>;
  /** In which its network interface is. */
  readonly subnetId: Input<string>;
  /** The network security group of its network interface. @default the subnet's own */
  readonly securityGroupId?: Input<string> | undefined;
  /** A user-assigned managed identity, as which its services act. @default none; with `secrets` one of its own, whose `principalId` is then to be given rights */
  readonly identityId?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: the URL of a Key Vault secret. The machine's task `debian.secrets` reads them
   * as its identity, from tags. Another reference counts at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Becomes `/run/config/userdata` in the guest. Another text is another machine. @default none */
  readonly userData?: Input<string> | undefined;
  /** Whether it has an address of its own in the internet. @default false */
  readonly publicIp?: Input<boolean> | undefined;
  /** Who Azure's administrator is, of a `generalized` image. @default "linuxkit" */
  readonly adminUsername?: Input<string> | undefined;
  /** The administrator's keys, as `ssh-keygen` writes them; a `generalized` image needs one. @default none */
  readonly sshPublicKeys?: Input<readonly Input<string>[]> | undefined;
}

/** User data as Azure takes it. */
export function encoded(userData: InstanceShape["userData"]): Output<string> | undefined {
  return userData === undefined ? undefined : output(userData).apply((text) => Buffer.from(text).toString("base64"));
}

/** As whom its services act. */
export function identityOf({ identityId, secrets }: Pick<InstanceShape, "identityId" | "secrets">) {
  if (identityId !== undefined) return { identity: { type: "UserAssigned" as const, userAssignedIdentities: [identityId] } };
  return secrets === undefined ? {} : { identity: { type: "SystemAssigned" as const } };
}

export function securityProfile({ trustedLaunch, secureBoot }: ImageTraits) {
  return trustedLaunch
    ? { securityProfile: { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: secureBoot, vTpmEnabled: true } } }
    : {};
}

/**
 * Azure's administrator, whom a `generalized` image has and no other may have.
 *
 * @throws INVALID_DEFINITION without a key, or with one that nobody would take
 */
export function administrator(name: string, { generalized }: ImageTraits, { adminUsername = "linuxkit", sshPublicKeys }: InstanceShape) {
  if (generalized === (sshPublicKeys !== undefined)) {
    if (sshPublicKeys === undefined) return undefined;
    return {
      adminUsername,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        // there is no agent in the guest
        provisionVMAgent: false,
        // the only path that Azure takes
        ssh: {
          publicKeys: all([adminUsername, sshPublicKeys]).apply(([user, keys]) =>
            keys.map((keyData) => ({ keyData, path: `/home/${user}/.ssh/authorized_keys` })),
          ),
        },
      },
    };
  }
  const said = generalized
    ? "nothing for a generalized image, wanted one key: Azure makes an administrator"
    : "keys for an image that is not generalized, wanted them in userData";
  throw new LinuxKitError("INVALID_DEFINITION", `${name}: sshPublicKeys: got ${said}`, { path: "sshPublicKeys" });
}
