import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { LinuxKitError } from "../core/errors.ts";

/** A public key that signatures are checked by. */
export interface VerifyingKey {
  /** What a bundle says of the key it was made with: base64 of the sha256 of the key in DER (SubjectPublicKeyInfo). */
  readonly hint: string;
  /** Whether a signature is of these bytes and by this key. */
  verify(data: Uint8Array, signature: Uint8Array): boolean;
}

/** A private key, which knows the signatures that it has made. */
export interface SigningKey extends VerifyingKey {
  /** ECDSA over the sha256 of `data`, as DER; RSA PKCS #1 v1.5 over the same; or Ed25519. */
  sign(data: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** A private key, PKCS #8 in PEM: ECDSA, RSA or Ed25519. `openssl genpkey` makes one, `cosign import-key-pair` takes it. */
export type SignOption = string | { readonly key: string /** Of an encrypted key. */; readonly passphrase?: string | undefined };

/** The key of an option. @throws as {@link signingKey} */
export function keyOf(sign: SignOption, path: string): SigningKey {
  const { key, passphrase } = typeof sign === "string" ? { key: sign } : sign;
  return signingKey(key, passphrase, path);
}

/**
 * A public key as cosign writes it: PEM, ECDSA, RSA or Ed25519.
 *
 * @param path names it in messages: `verify["docker.io/linuxkit"]`
 * @throws INVALID_DEFINITION
 */
export function verifyingKey(pem: string, path: string): VerifyingKey {
  if (/PRIVATE KEY/.test(pem)) throw invalid(path, "a private key, wanted the public one (cosign.pub)");
  const key = parsed(() => createPublicKey(pem), path);
  return { hint: hintOf(key), verify: (data, signature) => verify(hashOf(key, path), data, key, signature) };
}

/**
 * A private key in PEM (PKCS #8): `cosign import-key-pair` takes the same.
 *
 * @param path names it in messages: `push.sign`
 * @throws INVALID_DEFINITION; UNSUPPORTED for cosign's own encrypted form
 */
export function signingKey(pem: string, passphrase?: string, path = "signing key"): SigningKey {
  if (/ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY/.test(pem)) {
    throw new LinuxKitError("UNSUPPORTED", `${path}: cosign's own encrypted form; wanted the PKCS #8 key that it was imported from`, {
      what: "cosign's encrypted key",
    });
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
  throw invalid(path, `a key of the type ${type}, wanted ECDSA, RSA or Ed25519`);
}

function parsed(parse: () => KeyObject, path: string): KeyObject {
  try {
    return parse();
  } catch (error) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${path}: got no key, wanted one as PEM, and its passphrase where it has one`,
      { path },
      { cause: error },
    );
  }
}

function invalid(path: string, why: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${path}: got ${why}`, { path });
}
