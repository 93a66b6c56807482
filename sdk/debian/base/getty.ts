import { z } from "zod";
import type { DebianImage } from "../../definition/debian-image.ts";
import { count, fields, word } from "../../definition/fields.ts";
import { checked, debianImage } from "./arguments.ts";
import { BUSYBOX_SHELL } from "./init.ts";

/** The schema of {@link GettyArgs}. */
export const gettySchema = fields({
  console: word.regex(/^[A-Za-z0-9]+$/, "a terminal's name, such as ttyS0").optional(),
  speed: count.min(50, "a speed such as 115200").optional(),
  passwordHash: word.regex(/^\$[^:\n]+$/, "a crypt(3) hash beginning with $").optional(),
  insecure: z.boolean().optional(),
});

/** Arguments of `debian.getty`. */
export interface GettyArgs {
  /** The terminal's name below /dev. @default "ttyS0" @example "tty1" */
  readonly console?: string | undefined;
  /** Bits per second. @default 115200 @example 9600 */
  readonly speed?: number | undefined;
  /**
   * crypt(3) hash of root's password, as printed by `openssl passwd -6`. It is readable in the image.
   * @default none: set `insecure`
   * @example "$6$salt$hash"
   */
  readonly passwordHash?: string | undefined;
  /** Give a root shell without a password to anyone who can reach the console. @default false */
  readonly insecure?: boolean | undefined;
}

/**
 * A service that offers a root shell on the console, with a password unless it is `insecure`. The shell is BusyBox's, in a
 * container with every capability and the machine's processes and network. The machine's root filesystem is at `/host`.
 *
 * @throws INVALID_DEFINITION
 */
export function getty(args: GettyArgs = {}): DebianImage {
  const {
    console: terminal = "ttyS0",
    speed = 115_200,
    passwordHash,
    insecure = false,
  } = checked(
    "debian.getty",
    gettySchema.refine((given) => given.insecure === true || given.passwordHash !== undefined, {
      path: ["passwordHash"],
      message: "a password hash (openssl passwd -6), or insecure: true for a shell without password",
    }),
    args,
  );
  const login = insecure ? ["-n", "-l", "/bin/sh"] : [];
  return debianImage(
    {
      packages: ["busybox-static"],
      files: [
        BUSYBOX_SHELL,
        { path: "bin/login", symlink: "busybox" },
        { path: "host", directory: true },
        { path: "etc/shadow", contents: `root:${passwordHash ?? "*"}:19000:0:99999:7:::\n`, mode: "0600" },
        { path: "etc/securetty", contents: `${terminal}\n` },
      ],
    },
    {
      command: ["busybox", "getty", ...login, String(speed), terminal, "linux"],
      net: "host",
      pid: "host",
      uts: "host",
      capabilities: ["all"],
      devices: [{ path: "all", type: "a" }],
      noNewPrivileges: false,
      binds: ["/:/host", `/dev/${terminal}:/dev/${terminal}`],
      tmpfs: ["/run", "/tmp", "/root"],
    },
  );
}
