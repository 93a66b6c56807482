import { refused, whenKnown } from "../../sdk/machine/check-arguments.ts";
import type { InstanceShape } from "./instance-arguments.ts";
import { traitsOf } from "./image-traits.ts";
import type { MachineSource } from "./machine-source.ts";
import { checkTags } from "./tags.ts";

/** Bytes of user data at most. Source: Microsoft Learn, "User Data for Azure Virtual Machine". */
const USER_DATA_LIMIT = 64 << 10;

/** Source: Microsoft Learn, "Frequently asked question about Linux Virtual Machines", on user names; Azure REST API, `OSProfile.adminUsername`. */
const RESERVED_USERS =
  "1 123 a actuser adm admin admin1 admin2 administrator aspnet backup console david guest john owner root server sql support support_388945a0 sys test test1 test2 test3 user user1 user2 user3 user4 user5 video".split(
    " ",
  );
const USER = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Keys that Azure takes. Source: Microsoft Learn, "Create and manage SSH keys for authentication to a Linux VM in Azure". */
const SSH_KEY = /^(?:ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+/;

type Checked = MachineSource & InstanceShape;

/** Checks what Azure would refuse only after the image has been uploaded. @throws INVALID_DEFINITION */
export function checkInstance(name: string, args: Checked): void {
  const id = (member: "subnetId" | "securityGroupId" | "identityId", type: string) => {
    const given = args[member];
    if (given !== undefined) whenKnown([given], (id) => checkId(name, member, id, type));
  };
  id("subnetId", "Microsoft.Network/virtualNetworks/NAME/subnets");
  id("securityGroupId", "Microsoft.Network/networkSecurityGroups");
  id("identityId", "Microsoft.ManagedIdentity/userAssignedIdentities");
  checkTags(name, args.tags);
  if (args.userData !== undefined)
    whenKnown([args.userData], (text) => {
      const bytes = Buffer.byteLength(text);
      if (bytes === 0 || bytes > USER_DATA_LIMIT)
        throw refused(name, "userData", `${bytes} bytes`, `1 to ${USER_DATA_LIMIT}; leave it out where there is none`);
    });
  checkAdministrator(name, args);
}

function checkAdministrator(name: string, args: Checked): void {
  const { adminUsername, sshPublicKeys, machineImage } = args;
  const { generalized } = machineImage?.traits ?? traitsOf(name, args);
  if (generalized && sshPublicKeys === undefined)
    throw refused(name, "sshPublicKeys", "nothing", "at least one key: Azure adds an administrator to a generalized image");
  if (!generalized && sshPublicKeys !== undefined)
    throw refused(name, "sshPublicKeys", "keys for an image that is not generalized", "none: put them in userData");
  if (adminUsername !== undefined)
    whenKnown([adminUsername], (user) => {
      if (!USER.test(user) || RESERVED_USERS.includes(user))
        throw refused(name, "adminUsername", JSON.stringify(user), "a name that Linux and Azure accept, such as linuxkit");
    });
  if (sshPublicKeys !== undefined)
    whenKnown([sshPublicKeys], (keys) => {
      if (keys.length === 0) throw refused(name, "sshPublicKeys", "no key", "at least one");
      for (const [index, key] of keys.entries())
        if (!SSH_KEY.test(key))
          throw refused(
            name,
            `sshPublicKeys[${index}]`,
            "text of another form",
            "ssh-rsa or ssh-ed25519, and the key, as ssh-keygen writes it",
          );
    });
}

/** @param type of the resource: `Microsoft.Network/networkSecurityGroups` */
export function checkId(name: string, path: string, id: string, type: string): void {
  const pattern = type.split("/").map((part) => (part === "NAME" ? "[^/]+" : part.replaceAll(".", "\\.")));
  if (new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${pattern.join("/")}/[^/]+$`, "i").test(id)) return;
  throw refused(name, path, JSON.stringify(id), `an id: /subscriptions/…/resourceGroups/…/providers/${type}/…`);
}
