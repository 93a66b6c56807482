import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { invalid, unsupported } from "../core/failure.ts";

/** A public key that verifies signatures. */
export interface VerifyingKey {
  /** Identifies the key in a bundle: base64 of the sha256 of the key in DER (SubjectPublicKeyInfo). */
  readonly hint: string;
  /** Whether `signature` is this key's signature of `data`. */
  verify(data: Uint8Array, signature: Uint8Array): boolean;
}

/** A private key, which also verifies its own signatures. */
export interface SigningKey extends VerifyingKey {
  /** Signs with ECDSA over the sha256 of `data`, in DER; with RSA PKCS #1 v1.5 over the same; or with Ed25519. */
  sign(data: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/**
 * A private key, PKCS #8 in PEM: ECDSA, RSA or Ed25519. `openssl genpkey` creates one, and `cosign import-key-pair`
 * accepts it. An encrypted key needs its passphrase.
 */
export type SignOption =
  | string
  | {
      /** The private key, PKCS #8 in PEM. */
      readonly key: string;
      /** The passphrase of the key. @default none */
      readonly passphrase?: string | undefined;
    };

/** Parses the key of an option. @throws as {@link signingKey} */
export function keyOf(sign: SignOption, path: string): SigningKey {
  const { key, passphrase } = typeof sign === "string" ? { key: sign } : sign;
  return signingKey(key, passphrase, path);
}

/**
 * Parses a public key as cosign writes it: ECDSA, RSA or Ed25519, in PEM.
 *
 * @param path names it in messages: `verify["docker.io/linuxkit"]`
 * @throws INVALID_DEFINITION
 */
export function verifyingKey(pem: string, path: string): VerifyingKey {
  if (/PRIVATE KEY/.test(pem)) throw invalid(path, "got a private key, wanted the public one (cosign.pub)");
  const key = parsed(() => createPublicKey(pem), path);
  return { hint: hintOf(key), verify: (data, signature) => verify(hashOf(key, path), data, key, signature) };
}

/**
 * Parses a private key, PKCS #8 in PEM, as `cosign import-key-pair` accepts it.
 *
 * @param path names it in messages: `push.sign`
 * @throws INVALID_DEFINITION; UNSUPPORTED for cosign's own encrypted format
 */
export function signingKey(pem: string, passphrase?: string, path = "signing key"): SigningKey {
  if (/ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY/.test(pem)) {
    const message = "got a key in cosign's own encrypted format, wanted the PKCS #8 key that it was imported from";
    throw unsupported(path, message, "cosign's encrypted key");
  }
  const key = parsed(() => createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) }), path);
  const hash = hashOf(key, path);
  const publicKey = createPublicKey(key);
  return {
    hint: hintOf(publicKey),
    sign: (data) => sign(hash, data, key),
    verify: (data, signature) => verify(hash, data, publicKey, signature),
  };
}

function hintOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64");
}

function hashOf({ asymmetricKeyType: type }: KeyObject, path: string): string | null {
  if (type === "ed25519") return null;
  if (type === "ec" || type === "rsa") return "sha256";
  throw invalid(path, `got a key of type ${type}, wanted ECDSA, RSA or Ed25519`);
}

function parsed(parse: () => KeyObject, path: string): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw invalid(path, "got no key, wanted one as PEM, with its passphrase if it is encrypted", error);
  }
}
