import { constants, createPrivateKey, createPublicKey, type KeyObject, privateEncrypt, publicDecrypt, X509Certificate } from "node:crypto";
import type { LinuxKitError } from "../core/errors.ts";
import { invalid } from "../core/failure.ts";
import { NULL, octets, oid, sequence } from "../core/der.ts";

/** Signs programs for Secure Boot: a key with its certificate, or a function that has access to the key. */
export type SecureBoot = SecureBootKey | SecureBootSigner;

/** An RSA key and the certificate that firmware trusts (its `db`), both PEM. */
export interface SecureBootKey {
  /** The private key, RSA, as PEM. */
  readonly key: string;
  /** Its certificate, as PEM. */
  readonly certificate: string;
  /** Passphrase of an encrypted key. */
  readonly passphrase?: string | undefined;
}

/** A key that cannot be read, such as one in a cloud's key service or a security module. */
export interface SecureBootSigner {
  /** The X.509 certificate that firmware trusts (its `db`), in PEM or DER. */
  readonly certificate: string | Uint8Array;
  /** Signs a sha256 digest (32 bytes) with RSA, PKCS #1 v1.5. The same digest must give the same signature each time. */
  sign(digest: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A checked {@link SecureBoot}. */
export interface Signer {
  /** DER. */
  readonly certificate: Uint8Array;
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/** The algorithm identifier of sha256 in signatures (RFC 4055 2.1). */
export const SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"), NULL);

/**
 * Checks key and certificate.
 *
 * @throws INVALID_DEFINITION when key or certificate cannot be parsed, do not match, or are not RSA. The result's `sign`
 * throws it when a signature is not by the certificate's key
 */
export function signerOf(secureBoot: SecureBoot): Signer {
  const certificate = readCertificate(secureBoot.certificate);
  const type = certificate.publicKey.asymmetricKeyType;
  if (type !== "rsa") throw wrong("certificate", `its key is ${type}, firmware takes rsa`);
  const sign = "sign" in secureBoot ? secureBoot.sign.bind(secureBoot) : signBy(readKey(secureBoot, certificate));
  return {
    certificate: certificate.raw,
    async sign(digest) {
      const signature = await sign(digest);
      if (!isSignature(signature, digest, certificate.publicKey))
        throw wrong(
          "sign",
          "it did not return a signature of the digest by the certificate's key, wanted RSA, PKCS #1 v1.5, of a sha256 digest",
        );
      return signature;
    },
  };
}

function readCertificate(given: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(given);
  } catch (error) {
    throw wrong("certificate", "wanted an X.509 certificate, as PEM", error);
  }
}

function readKey({ key: pem, passphrase }: SecureBootKey, certificate: X509Certificate): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    throw wrong("key", "wanted an RSA key as PEM, with its passphrase where it has one", error);
  }
  if (key.asymmetricKeyType !== "rsa") throw wrong("key", `it is ${key.asymmetricKeyType}, firmware takes rsa`);
  if (!certificate.checkPrivateKey(key)) throw wrong("certificate", "it is for another key");
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

/** The content of an RSA signature (RFC 8017 9.2). */
function digestInfo(digest: Uint8Array): Buffer {
  return sequence(SHA256, octets(digest));
}

function wrong(name: keyof SecureBootKey | "sign", why: string, cause?: unknown): LinuxKitError<"INVALID_DEFINITION"> {
  return invalid(`secureBoot.${name}`, why, cause);
}
