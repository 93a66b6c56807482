/**
 * Names of the values that QEMU's firmware configuration device (`-fw_cfg name=…,file=…`) passes to a machine. The guest
 * reads them once, before any container runs, and then unloads the driver.
 */
export const FIRMWARE = Object.freeze({
  /** The nonce of this boot, which every console line has: see {@link parseConsoleLine} in `console.ts`. */
  nonce: "opt/linuxkit/nonce",
  /** Becomes `/run/config/userdata`. */
  userData: "opt/linuxkit/userdata",
  /** The machine's place in a network of its stack: the address of a network card, and the IPv4 address that it gets before the first task. */
  network: "opt/linuxkit/network",
  /** Becomes `/run/config/hostname`, and the host name. */
  hostname: "opt/linuxkit/hostname",
  /** Becomes `/run/config/hosts`, and a part of `/etc/hosts` of each container: lines of hosts(5). */
  hosts: "opt/linuxkit/hosts",
  /** Becomes `/run/secrets/<name>` of the service that names the secret. */
  secret: (service: string, name: string): string => `opt/linuxkit/secrets/${service}/${name}`,
});

/** The device's limit of a name, in bytes: 56 with the final NUL (QEMU, docs/specs/fw_cfg). */
export const FIRMWARE_NAME_LIMIT = 55;
