import { readFile } from "node:fs/promises";
import type { PublicKey } from "openpgp";

/**
 * The primary keys whose signatures are accepted, by OpenPGP fingerprint: Debian 12's archive, security and stable
 * release keys, from the package debian-archive-keyring. Other keys in a keyring are ignored, whatever its source.
 */
export const TRUSTED_FINGERPRINTS: readonly string[] = Object.freeze([
  "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8", // Debian Archive Automatic Signing Key (12/bookworm)
  "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0", // Debian Security Archive Automatic Signing Key (12/bookworm)
  "4D64FEC119C2029067D6E791F8D2585B8783D481", // Debian Stable Release Key (12/bookworm)
]);

/** The path of the keyring in Debian's package `debian-archive-keyring`, and on a host that has it installed. */
export const KEYRING_PATH = "usr/share/keyrings/debian-archive-keyring.gpg";

/** The host's copy of Debian's keyring; undefined if not found. */
export async function hostKeyring(): Promise<Uint8Array | undefined> {
  return readFile(`/${KEYRING_PATH}`).catch(() => undefined);
}

/** The keys of a binary or armoured keyring whose primary fingerprint is in `fingerprints` (40 upper-case hexadecimal digits). */
export async function trustedKeys(keyring: Uint8Array, fingerprints: readonly string[] = TRUSTED_FINGERPRINTS): Promise<PublicKey[]> {
  // OpenPGP takes 17 MB, so it is only loaded to resolve packages
  const { readKeys } = await import("openpgp");
  const isArmoured = Buffer.from(keyring.subarray(0, 5)).toString("latin1") === "-----";
  const keys = isArmoured
    ? await readKeys({ armoredKeys: Buffer.from(keyring).toString("latin1") })
    : await readKeys({ binaryKeys: keyring });
  return keys.map((key) => key.toPublic()).filter((key) => fingerprints.includes(key.getFingerprint().toUpperCase()));
}
