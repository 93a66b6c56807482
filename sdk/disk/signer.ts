import { constants, createPrivateKey, createPublicKey, type KeyObject, privateEncrypt, publicDecrypt, X509Certificate } from "node:crypto";
import { LinuxKitError } from "../core/errors.ts";
import { NULL, octets, oid, sequence } from "./der.ts";

/** Who signs programs for Secure Boot: a key and its certificate, or whoever keeps the key. */
export type SecureBoot = SecureBootKey | SecureBootSigner;

/** An RSA key and the certificate that firmware trusts (its `db`), both PEM. */
export interface SecureBootKey {
  readonly key: string;
  readonly certificate: string;
  /** Of an encrypted key. */
  readonly passphrase?: string | undefined;
}

/** A key that stays where it is: in a cloud's key service, or a security module. */
export interface SecureBootSigner {
  /** X.509, PEM or DER: what firmware trusts (its `db`). */
  readonly certificate: string | Uint8Array;
  /** Signs a sha256 digest (32 bytes) by RSA, PKCS #1 v1.5. The same digest must give the same signature each time, as that scheme does. */
  sign(digest: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A {@link SecureBoot} that was checked. */
export interface Signer {
  /** DER. */
  readonly certificate: Uint8Array;
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/** The algorithm sha256, as signatures name it (RFC 4055 2.1). */
export const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"), NULL);

/**
 * Checks who signs.
 *
 * @throws INVALID_DEFINITION when key or certificate cannot be read, do not belong together, or are not RSA; `sign`
 * throws it when what it is given back is no signature by that certificate's key
 */
export function signerOf(secureBoot: SecureBoot): Signer {
  const certificate = readCertificate(secureBoot.certificate);
  const type = certificate.publicKey.asymmetricKeyType;
  if (type !== "rsa") throw invalid("certificate", `its key is ${type}, firmware takes rsa`);
  const sign = "sign" in secureBoot ? secureBoot.sign.bind(secureBoot) : signBy(readKey(secureBoot, certificate));
  return {
    certificate: certificate.raw,
    async sign(digest) {
      const signature = await sign(digest);
      if (!isSignature(signature, digest, certificate.publicKey))
        throw invalid(
          "sign",
          "what it gave is no signature of that digest by the certificate's key, wanted RSA, PKCS #1 v1.5, of a sha256 digest",
        );
      return signature;
    },
  };
}

function readCertificate(given: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(given);
  } catch (error) {
    throw invalid("certificate", "wanted an X.509 certificate, as PEM", error);
  }
}

function readKey({ key: pem, passphrase }: SecureBootKey, certificate: X509Certificate): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    throw invalid("key", "wanted an RSA key as PEM, with its passphrase where it has one", error);
  }
  if (key.asymmetricKeyType !== "rsa") throw invalid("key", `it is ${key.asymmetricKeyType}, firmware takes rsa`);
  if (!certificate.checkPrivateKey(key)) throw invalid("certificate", "it is for another key");
  return key;
}

function signBy(key: KeyObject): SecureBootSigner["sign"] {
  return (digest) => privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(digest));
}

function isSignature(signature: Uint8Array, digest: Uint8Array, key: KeyObject): boolean {
  try {
    return publicDecrypt(
      { key: createPublicKey(key.export({ type: "spki", format: "pem" })), padding: constants.RSA_PKCS1_PADDING },
      signature,
    ).equals(digestInfo(digest));
  } catch {
    return false;
  }
}

/** What an RSA signature is made of (RFC 8017 9.2). */
function digestInfo(digest: Uint8Array): Buffer {
  return sequence(SHA256, octets(digest));
}

function invalid(name: string, why: string, cause?: unknown): LinuxKitError<"INVALID_DEFINITION"> {
  return new LinuxKitError("INVALID_DEFINITION", `secureBoot.${name}: ${why}`, { path: `secureBoot.${name}` }, { cause });
}
