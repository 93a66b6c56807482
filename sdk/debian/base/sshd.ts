import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import type { DebianImage } from "../../definition/debian-image.ts";
import { fields, port, treePath, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { BUSYBOX_SHELL } from "./init.ts";

/** The lines of a file of public keys that have a key: authorized_keys(5) takes empty lines and comments. */
function keyLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => !/^\s*(#|$)/.test(line));
}

/** A key's type and its base64, after options: sshd(8), "AUTHORIZED_KEYS FILE FORMAT". A private key does not match. */
function isKeyLine(line: string): boolean {
  return /(?:^|\s)(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+\s+[A-Za-z0-9+/]+=*/.test(line);
}

/** The schema of {@link SshdArgs}. */
export const sshdSchema = fields({
  authorizedKeys: z
    .array(
      word.refine(
        (text) => keyLines(text).length > 0 && keyLines(text).every(isKeyLine),
        "a public key, as the file id_ed25519.pub has it",
      ),
    )
    .min(1, "at least one public key")
    .optional(),
  authorizedKeysFile: treePath.optional(),
  hostKeys: treePath.optional(),
  port: port.optional(),
  settings: z.array(word.regex(/^[^\n]+$/, "one line")).optional(),
});

/** Arguments of `debian.sshd`. */
export interface SshdArgs {
  /**
   * The public keys that may log in as root, each as the text of its file: lines of authorized_keys(5). Excludes `authorizedKeysFile`.
   * @default none
   * @example ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJlgqFo me@example.com"]
   */
  readonly authorizedKeys?: readonly string[] | undefined;
  /**
   * The path of a file of the machine with such lines. Excludes `authorizedKeys`.
   * @default none
   * @example "/run/config/ssh/authorized_keys"
   */
  readonly authorizedKeysFile?: string | undefined;
  /**
   * The folder of the machine with host keys, `ssh_host_ed25519_key` and others.
   * @default new keys at each start, in memory
   * @example "/var/lib/ssh"
   */
  readonly hostKeys?: string | undefined;
  /** The TCP port. @default 22 @example 2222 */
  readonly port?: number | undefined;
  /** Lines to append to sshd_config(5). @default none @example ["ClientAliveInterval 60"] */
  readonly settings?: readonly string[] | undefined;
}

/**
 * A service that lets the owners of the given keys log in as root, without passwords. The shell is BusyBox's, in the
 * service's container, which has the machine's processes and network. The machine's root filesystem is at `/host`.
 *
 * @throws INVALID_DEFINITION
 */
export function sshd(args: SshdArgs): DebianImage {
  const { authorizedKeys, authorizedKeysFile, hostKeys, port: listen = 22, settings = [] } = checked("debian.sshd", sshdSchema, args);
  if ((authorizedKeys === undefined) === (authorizedKeysFile === undefined)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `debian.sshd: got ${authorizedKeys ? "both" : "neither"} authorizedKeys ${authorizedKeys ? "and" : "nor"} authorizedKeysFile, wanted one of them: public keys, or a file on the machine`,
      { path: "authorizedKeys" },
    );
  }
  const keyFolder = hostKeys === undefined ? "/run/sshd-keys" : "/etc/ssh/host-keys";
  const config = [
    `Port ${listen}`,
    ...["ed25519", "ecdsa"].map((type) => `HostKey ${keyFolder}/ssh_host_${type}_key`),
    "AuthorizedKeysFile /etc/ssh/authorized_keys",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "PrintMotd no",
    "PidFile none",
    "Subsystem sftp internal-sftp",
    ...settings,
  ];
  const files = [
    BUSYBOX_SHELL,
    { path: "etc/ssh/sshd_config", contents: `${config.join("\n")}\n` },
    { path: "host", directory: true },
    ...(authorizedKeys
      ? [{ path: "etc/ssh/authorized_keys", contents: `${authorizedKeys.flatMap(keyLines).join("\n")}\n`, mode: "0600" }]
      : []),
    ...(hostKeys === undefined ? [] : [{ path: keyFolder.slice(1), directory: true }]),
  ];
  return debianImage(
    { program: "linuxkitd", packages: ["openssh-server", "busybox-static"], files },
    {
      command: ["/usr/bin/linuxkitd", "sshd", ...(hostKeys === undefined ? [keyFolder] : [])],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      net: "host",
      pid: "host",
      capabilities: [
        "CAP_SETUID",
        "CAP_SETGID",
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_SYS_CHROOT",
        "CAP_NET_BIND_SERVICE",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
        "CAP_SYS_TTY_CONFIG",
      ],
      tmpfs: ["/run", "/tmp", "/root"],
      binds: [
        "/:/host",
        "/etc/resolv.conf:/etc/resolv.conf:ro",
        ...(authorizedKeysFile === undefined ? [] : [`${absolute(authorizedKeysFile)}:/etc/ssh/authorized_keys:ro`]),
        ...(hostKeys === undefined ? [] : [`${absolute(hostKeys)}:${keyFolder}:ro`]),
      ],
    },
  );
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}
