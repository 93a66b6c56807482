import { caCertificates } from "./base/ca-certificates.ts";
import { chrony } from "./base/chrony.ts";
import { dhcp } from "./base/dhcp.ts";
import { diskReady, extendDisk, formatDisk } from "./base/disk.ts";
import { getty } from "./base/getty.ts";
import { init } from "./base/init.ts";
import { kernel } from "./base/kernel.ts";
import { metadata } from "./base/metadata.ts";
import { mount } from "./base/mount.ts";
import { packages } from "./base/packages.ts";
import { secrets } from "./base/secrets.ts";
import { sshd } from "./base/sshd.ts";
import { sysctl } from "./base/sysctl.ts";

/** Images made from Debian's signed packages. The functions only return values; they do no I/O. */
export const debian = Object.freeze({
  /** An image of packages, slim unless asked otherwise. */
  packages,
  /** Debian's kernel. */
  kernel,
  /** The guest's init, with the program that runs containers. */
  init,
  /** A task or service that gets an address by DHCP. */
  dhcp,
  /** A task that sets kernel parameters. */
  sysctl,
  /** A service that sets the clock by NTP. */
  chrony,
  /** A service that lets the owners of keys log in. */
  sshd,
  /** A service with a shell on the console. */
  getty,
  /** A task that makes a filesystem on an empty disk. */
  format: formatDisk,
  /** A task that grows a filesystem with its disk. */
  extend: extendDisk,
  /** A task that mounts a filesystem. */
  mount,
  /** A task that makes, grows and mounts a filesystem. */
  disk: diskReady,
  /** A task that reads the cloud's metadata. */
  metadata,
  /** A task that fetches the services' secrets. */
  secrets,
  /** Mozilla's certificate authorities. */
  caCertificates,
});
