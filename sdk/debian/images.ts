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
  packages,
  kernel,
  init,
  dhcp,
  sysctl,
  chrony,
  sshd,
  getty,
  format: formatDisk,
  extend: extendDisk,
  mount,
  disk: diskReady,
  metadata,
  secrets,
  caCertificates,
});
