import { LinuxKitError } from "../../../sdk/core/errors.ts";

/** The user that QEMU becomes where root starts it: a name, or `UID:GID`. */
const VARIABLE = "PULUMI_LINUXKIT_QEMU_USER";

const WANTED = "the name of a user, or UID:GID, and not root";

/**
 * QEMU's arguments that let it run as the user of `PULUMI_LINUXKIT_QEMU_USER`; none without it. QEMU opens kernel, disks and sockets
 * as root, and changes its user right before the guest starts, so that user needs no access to any file.
 *
 * @param version QEMU's own: `-runas` is deprecated since 9.1, which has `-run-with user=` (QEMU: about/deprecated)
 * @throws INVALID_DEFINITION, UNSUPPORTED where this process is not root
 */
export function otherUser(version: string, env: NodeJS.ProcessEnv, ownId: number | undefined): readonly string[] {
  const user = env[VARIABLE];
  if (!user) return [];
  if (!/^([A-Za-z_][A-Za-z0-9_.-]*|[0-9]+:[0-9]+)$/.test(user) || /^(root$|0+:)/.test(user))
    throw new LinuxKitError("INVALID_DEFINITION", `${VARIABLE}: got ${JSON.stringify(user)}, wanted ${WANTED}`, { path: VARIABLE });
  if (ownId !== 0)
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${VARIABLE}: only root can start QEMU as another user: run Pulumi as root, or leave the variable unset`,
      { what: VARIABLE },
    );
  const [major = 0, minor = 0] = version.split(".", 2).map((part) => Number.parseInt(part, 10));
  return major > 9 || (major === 9 && minor >= 1) ? ["-run-with", `user=${user}`] : ["-runas", user];
}
