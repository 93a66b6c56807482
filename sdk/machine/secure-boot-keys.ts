import { X509Certificate } from "node:crypto";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { ImageBuild } from "../resource/image-build.ts";
import type { ImageBuildArgs } from "../resource/image-build-args.ts";
import { refused, whenKnown } from "./check-arguments.ts";
import type { Transform } from "./transform.ts";

/** Certificates in PEM that the firmware of an image's machines trusts instead of the vendor's. */
export interface SecureBootKeys {
  /** The platform key. */
  readonly pk: Input<string>;
  /** Key exchange keys: they may sign changes of the lists below. */
  readonly keks: readonly Input<string>[];
  /** Trusted signers: what they signed boots. */
  readonly dbs: readonly Input<string>[];
  /** Revoked signers: what they signed never boots. @default none */
  readonly dbxs?: readonly Input<string>[] | undefined;
}

/** A certificate in the clouds' format: base64 of its DER. `name` is its path in {@link SecureBootKeys}. @throws INVALID_DEFINITION */
export function derOf(pem: Input<string>, name: string): Output<string> {
  return output(pem).apply((pem) => certificateOf(pem, `secureBootKeys.${name}`).raw.toString("base64"));
}

/** What a machine image with keys is made of. */
interface Keyed {
  readonly secureBootKeys?: SecureBootKeys | undefined;
  readonly build?: ImageBuild | undefined;
  readonly transform?: { readonly build?: Transform<ImageBuildArgs> } | undefined;
}

/**
 * The firmware starts only what one of `dbs` has signed, so a build that none has signed would never start.
 *
 * Source: UEFI specification, section 32.4.1: a signer's certificate, or one that issued it, is in `db`, and none in `dbx`.
 *
 * @throws INVALID_DEFINITION for keys with an unsigned build, or with one that another key has signed
 */
export function checkKeys(owner: string, args: Keyed, format: string): void {
  const { secureBootKeys: keys, build, transform } = args;
  if (keys === undefined) return;
  const signer = build ? build.signedWith : signerIn(transform?.build);
  if (signer === undefined) return;
  if (signer === null)
    throw refused(
      owner,
      "secureBootKeys",
      "keys for a build that is not signed, which would never start",
      `build: new ImageBuild(…, { format: "${format}", secureBoot: { key, certificate } })`,
    );
  whenKnown([signer, keys.dbs, keys.dbxs ?? []], (signer, dbs, dbxs) => {
    const certificate = certificateOf(signer, "secureBoot.certificate");
    const trusts = (name: string, pems: readonly string[]) =>
      pems.some((pem, index) => isSignedBy(certificate, certificateOf(pem, `secureBootKeys.${name}[${index}]`)));
    if (!trusts("dbs", dbs))
      throw refused(owner, "secureBootKeys.dbs", "no certificate that signed the build", "the certificate of its secureBoot among them");
    if (trusts("dbxs", dbxs))
      throw refused(owner, "secureBootKeys.dbxs", "the certificate that signed the build", "only those whose programs must not start");
  });
}

/** The signer in the arguments of a build that is made here; a function may return any. */
function signerIn(transform: Transform<ImageBuildArgs> | undefined): ImageBuild["signedWith"] {
  if (typeof transform === "function") return undefined;
  return transform?.secureBoot?.certificate ?? null;
}

function isSignedBy(certificate: X509Certificate, trusted: X509Certificate): boolean {
  return (
    certificate.raw.equals(trusted.raw) ||
    // a certificate that cannot check a signature has issued none
    (certificate.checkIssued(trusted) && certificate.verify(trusted.publicKey))
  );
}

/** @throws INVALID_DEFINITION */
function certificateOf(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `${path}: got text that is not a certificate, wanted one in PEM`,
      { path },
      { cause: error },
    );
  }
}
