import { createHash } from "node:crypto";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";

/**
 * The text that a disk's identifiers are derived from, such as a plan's digest. Equal seeds give equal identifiers, so
 * that builds are reproducible; different seeds give different ones, so that two disks can be in one machine.
 */
export type Seed = string;

function derive(seed: Seed, role: string): Buffer {
  return createHash("sha256").update(`${seed}\n${role}`).digest();
}

/** A UUID of version 8 (RFC 9562 5.8) for `role`, lower case with hyphens. */
export function uuidFrom(seed: Seed, role: string): string {
  const bytes = derive(seed, role).subarray(0, 16);
  bytes[6] = (present(bytes[6]) & 0x0f) | 0x80;
  bytes[8] = (present(bytes[8]) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A 32-bit serial for `role`, never 0 and never all ones, which some readers take for a missing serial. */
export function serialFrom(seed: Seed, role: string): number {
  const serial = derive(seed, role).readUInt32LE(0);
  return serial === 0 || serial === 0xffffffff ? 1 : serial;
}

/**
 * The 16 bytes of a UUID, in the order of its text (RFC 9562 4).
 *
 * @throws INVALID_DEFINITION when `uuid` is not a UUID
 */
export function uuidBytes(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    throw new LinuxKitError("INVALID_DEFINITION", `"${uuid}" is not a UUID: wanted 8-4-4-4-12 hexadecimal digits`, { path: "uuid" });
  }
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

/** The 16 bytes of a GUID as EFI stores it: the first three fields little-endian (UEFI 2.10, appendix A). */
export function guidBytes(guid: string): Buffer {
  const bytes = uuidBytes(guid);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
