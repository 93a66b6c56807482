/**
 * Names under which QEMU's firmware configuration device (`-fw_cfg name=…,file=…`) carries what a machine is told at
 * start. The guest reads them once, before any container runs, and takes the driver away again.
 */
export const FIRMWARE = Object.freeze({
  /** The word of this boot that every console line carries: see {@link parseConsoleLine} in `console.ts`. */
  nonce: "opt/linuxkit/nonce",
  /** Becomes `/run/config/userdata`. */
  userData: "opt/linuxkit/userdata",
  /** Becomes `/run/secrets/<name>` of the service that names the secret. */
  secret: (service: string, name: string): string => `opt/linuxkit/secrets/${service}/${name}`,
});

/** Longest name that the device takes, in bytes: 56 with the final NUL (QEMU, docs/specs/fw_cfg). */
export const FIRMWARE_NAME_LIMIT = 55;
